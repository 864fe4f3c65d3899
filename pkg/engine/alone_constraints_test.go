package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Constraints are asked alone as policies are: which of them looked at a marker, and
// what they said at which line.
func TestConstraintsAlone(t *testing.T) {
	rego := func(condition string) [3]string {
		return [3]string{fmt.Sprintf("violation[{\"msg\": msg}] {\n  %s\n  msg := \"found\"\n}", condition), "", `{enforcementAction: deny}`}
	}
	p := programWith(t, constraintSet(t,
		rego(`input.review.object.spec.secret == "hunter2"`),
		rego(`input.review.object.spec.secret`),
		rego(`input.review.object.spec.plain == "x"`),
		rego(`input.review.object.spec.plain == "y"`),
		rego(`data.inventory.namespace.team`),
		[3]string{never, "", `{enforcementAction: warn}`},
	), func(o *Options) { o.Unoptimized = true })
	object := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "team"}, "spec": {"plain": "x", "secret": %q}}`, mark("s"))
	input := pod(t, "CREATE", object, "", "")
	found, err := p.Alone(context.Background(), input, nil)
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		looked            bool
		denials, warnings int
	}
	got := map[string]answer{}
	for _, a := range found {
		if a.Err != nil {
			t.Errorf("%s: %v", a.Rule, a.Err)
		}
		got[a.Rule] = answer{a.Look != "", len(a.Result.Denials), len(a.Result.Warnings)}
	}
	for i, want := range []answer{{true, 0, 0}, {false, 1, 0}, {false, 1, 0}, {false, 0, 0}, {true, 0, 0}, {false, 0, 1}} {
		name := ""
		for rule := range got {
			if strings.Contains(strings.ToLower(rule), fmt.Sprintf("k%d", i)) {
				name = rule
			}
		}
		if got[name] != want {
			t.Errorf("constraint %d %q: %+v, want %+v", i, name, got[name], want)
		}
	}

	explained, err := p.Explain(context.Background(), input, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines, stopped := 0, 0
	for _, e := range explained {
		if e.Rule == "a/b" {
			continue
		}
		if e.Enforcement == v1alpha1.EnforcementDeny && len(e.Said) == 1 && e.Said[0].Line.Line > 0 {
			lines++
		}
		stopped += len(e.Stopped)
	}
	if lines != 2 || stopped != 3 {
		t.Errorf("%d constraints tell their line, want 2; %d where they stopped, want 3: %+v", lines, stopped, explained)
	}

	// By a hidden label any constraint may have been chosen, or not.
	hidden := strings.Replace(object, `"name": "web"`, fmt.Sprintf(`"name": "web", "labels": {"a": %q}`, mark("l")), 1)
	if found, err = p.Alone(context.Background(), pod(t, "CREATE", hidden, "", ""), nil); err != nil {
		t.Fatal(err)
	}
	for _, a := range found {
		if a.Rule != "a/b" && a.Look == "" {
			t.Errorf("%s is sure of itself with a hidden label", a.Rule)
		}
	}
}
