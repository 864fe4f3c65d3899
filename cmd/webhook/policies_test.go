package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
)

func TestPoliciesKnowTheNamespacePrefix(t *testing.T) {
	c := config.Default()
	c.TenantNamespacePrefix = "lab-"
	program, err := compile(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range program.Rules() {
		if rule.Rule != "isolation/tenant-membership" {
			continue
		}
		if diff := cmp.Diff(map[string]any{"namespacePrefix": "lab-"}, rule.Parameters); diff != "" {
			t.Errorf("parameters (-want +got):\n%s", diff)
		}
		return
	}
	t.Error("the policy is gone")
}

func TestStuckPoliciesAreUnready(t *testing.T) {
	var stuck error
	health := newHealth(nil, nil, nil, func() error { return stuck })
	if said, failing := health.Ready()["policies"]; failing {
		t.Errorf("unready although nothing is stuck: %s", said)
	}
	stuck = engine.ErrStuck
	if said := health.Ready()["policies"]; said != engine.ErrStuck.Error() {
		t.Errorf("policies: %q", said)
	}
	if _, failing := health.Live()["policies"]; failing {
		t.Error("a restart is asked for: stuck evaluations may end by themselves")
	}
}
