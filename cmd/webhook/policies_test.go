package main

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
)

func TestPoliciesKnowTheNamespacePrefix(t *testing.T) {
	c := config.Default()
	c.TenantNamespacePrefix = "lab-"
	rules, err := newRules(t.Context(), c, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules.set.Program().Rules() {
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

// TestStoredPoliciesComeFirst: a replica decides only once it knows what is stored.
func TestStoredPoliciesComeFirst(t *testing.T) {
	rules, err := newRules(t.Context(), config.Default(), logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	if err := rules.ready(); err == nil {
		t.Error("ready before the stored policies were listed")
	}
	rules.changed(t.Context(), nil)
	if err := rules.ready(); err == nil {
		t.Error("ready before the stored constraints were listed")
	}
	rules.constrained(t.Context(), nil)
	if err := rules.ready(); err != nil {
		t.Error(err)
	}
}

// TestDirectoriesComeFirst: what a directory or bundle denies must not pass because a replica
// was quicker than it.
func TestDirectoriesComeFirst(t *testing.T) {
	c := config.Default()
	c.PolicyDirectories = []string{filepath.Join(t.TempDir(), "rules")}
	rules, err := newRules(t.Context(), c, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rules.tasks(c); err != nil {
		t.Fatal(err)
	}
	rules.changed(t.Context(), nil)
	rules.constrained(t.Context(), nil)
	name := "directory " + c.PolicyDirectories[0]
	if err := rules.ready(); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "not been read") {
		t.Errorf("ready: %v", err)
	}
	rules.set.Trouble(name, "no such directory")
	if err := rules.ready(); err == nil || !strings.Contains(err.Error(), "no such directory") {
		t.Errorf("ready: %v", err)
	}
	rules.set.Trouble(name, "")
	if err := rules.set.SetOrigin(t.Context(), engine.Origin{Name: name, Files: fstest.MapFS{}}, "1"); err != nil {
		t.Fatal(err)
	}
	for _, trouble := range []string{"", "away again"} {
		rules.set.Trouble(name, trouble)
		if err := rules.ready(); err != nil {
			t.Errorf("with trouble %q: %v", trouble, err)
		}
	}
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

func TestParametersOfTheConfiguration(t *testing.T) {
	tests := map[string]struct {
		policies map[string]map[string]any
		says     string
	}{
		"a good one":        {map[string]map[string]any{"networking/ingress-hosts": {"domainSuffixes": []any{"apps.example.com"}}}, ""},
		"an unknown policy": {map[string]map[string]any{"networking/none": {}}, "networking/none"},
		"an unknown name":   {map[string]map[string]any{"networking/ingress-hosts": {"suffixes": []any{"x"}}}, `"suffixes" is unknown`},
		"another type":      {map[string]map[string]any{"networking/ingress-hosts": {"domainSuffixes": "x"}}, `"domainSuffixes"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			c.Policies = test.policies
			rules, err := newRules(t.Context(), c, logr.Discard())
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want one that says %s", err, test.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, rule := range rules.set.Program().Rules() {
				if rule.Rule == "networking/ingress-hosts" {
					if diff := cmp.Diff([]any{"apps.example.com"}, rule.Parameters["domainSuffixes"]); diff != "" {
						t.Errorf("domainSuffixes (-want +got):\n%s", diff)
					}
				}
			}
		})
	}
}

func TestTheNamespacePrefixIsNoParameterOfTheFile(t *testing.T) {
	c := config.Default()
	c.Policies = map[string]map[string]any{"isolation/tenant-membership": {"namespacePrefix": "other-"}}
	if got := c.PolicyParameters()["isolation/tenant-membership"]["namespacePrefix"]; got != c.TenantNamespacePrefix {
		t.Errorf("namespacePrefix %q, want the configuration's %q", got, c.TenantNamespacePrefix)
	}
}
