package policies_test

import (
	"fmt"
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

// hostile makes a Pod whose n variables all choose a model that was not granted.
func hostile(t testing.TB, n int) map[string]any {
	t.Helper()
	all, err := policytest.Cases(policies.FS, "models/granted")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.File != "models/granted/fail/value-from.yaml" {
			continue
		}
		env := make([]any, n)
		for i := range env {
			env[i] = map[string]any{"name": "LLM_MODEL", "value": fmt.Sprintf("claude-opus-%d-%0100d", i, i)}
		}
		spec := map[string]any{"containers": []any{map[string]any{"name": "main", "env": env}}}
		c.Input["request"].(map[string]any)["object"] = map[string]any{"spec": spec}
		c.Input["expansion"] = map[string]any{"pods": []any{map[string]any{"path": "", "spec": spec}}, "oldPods": []any{}}
		return c.Input
	}
	t.Fatal("the example is gone")
	return nil
}

// TestCostIsLinear: a large review, all of it wrong, must be decided,
// and twice as much must not cost four times as much. Cost is counted in allocations, which
// a loaded machine does not change; the time is printed.
func TestCostIsLinear(t *testing.T) {
	p := compile(t, false)
	cost := func(n int) float64 {
		input := hostile(t, n)
		start := time.Now()
		allocations := testing.AllocsPerRun(1, func() {
			result, err := decide(t, p, input)
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Denials) == 0 {
				t.Fatal("allowed")
			}
		})
		t.Logf("%d variables: %.0f allocations, %s", n, allocations, time.Since(start)/2)
		return allocations
	}
	if one, two := cost(300), cost(600); two > 2.5*one {
		t.Errorf("twice the variables cost %.1f times as much", two/one)
	}
}
