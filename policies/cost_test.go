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

// TestCostIsLinear: a review as large as etcd stores, and all of it wrong, must be decided
// in time, and twice as much must not cost four times as much.
func TestCostIsLinear(t *testing.T) {
	p := compile(t, false)
	cost := func(n int) time.Duration {
		input := hostile(t, n)
		best := time.Hour
		for range 5 {
			start := time.Now()
			result, err := decide(t, p, input)
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Denials) == 0 {
				t.Fatal("allowed")
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	one, two := cost(1500), cost(3000)
	t.Logf("1,500 variables %s, 3,000 variables %s", one, two)
	if two > 4*one {
		t.Errorf("twice the variables cost %.1f times as much", float64(two)/float64(one))
	}
}
