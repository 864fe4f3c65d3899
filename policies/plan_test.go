package policies_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
	"gatehouse.dev/gatehouse/test/conformance"
)

// both are the built-in policies, once planned and once as OPA's own evaluator asks them.
func both(t testing.TB) (planned, topdown *engine.Program) {
	t.Helper()
	planned, err := engine.Compile(context.Background(), engine.Options{Policies: policies.FS})
	if err != nil {
		t.Fatal(err)
	}
	for rule, why := range planned.Unplanned() {
		t.Errorf("%s has no plan: %v", rule, why)
	}
	topdown, err = engine.Compile(context.Background(), engine.Options{Policies: policies.FS, NoPlan: true})
	if err != nil {
		t.Fatal(err)
	}
	return planned, topdown
}

// agree asks both everything that a review can be asked.
func agree(t testing.TB, planned, byTopdown *engine.Program, input ast.Value) bool {
	t.Helper()
	type ask func(context.Context, ast.Value, engine.Snapshot) (ast.Value, error)
	for name, asks := range map[string][2]ask{
		"judge":  {planned.Eval, byTopdown.Eval},
		"mutate": {planned.Mutate, byTopdown.Mutate},
		"demand": {planned.Demand, byTopdown.Demand},
	} {
		got, err := asks[0](t.Context(), input, nil)
		want, wantErr := asks[1](t.Context(), input, nil)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: plan: %v, %v; topdown: %v, %v; input %v", name, got, err, want, wantErr, input)
			return false
		}
		var a, b *topdown.Error
		if errors.As(err, &a) && errors.As(wantErr, &b) && a.Code != b.Code {
			t.Errorf("%s: plan: %v; topdown: %v; input %v", name, err, wantErr, input)
			return false
		}
		if err == nil && got.Compare(want) != 0 {
			t.Errorf("%s:\nplan:    %v\ntopdown: %v\ninput %v", name, got, want, input)
			return false
		}
	}
	return true
}

// TestPlanChangesNothing compares the plan with OPA's own evaluator: over all examples, and
// over as many as there is time for in which something is missing, of another type, or of
// another example.
func TestPlanChangesNothing(t *testing.T) {
	planned, byTopdown := both(t)
	all := cases(t, planned)
	for _, c := range all {
		if input, err := policytest.Value(c.Input); err != nil {
			t.Fatal(err)
		} else if !agree(t, planned, byTopdown, input) {
			t.Errorf("example %s", c.File)
		}
	}
	// A failure is to come again; make plan goes where nobody has been.
	rounds, seed := 500, uint64(20261127)
	if conformance.Raced {
		rounds = 100
	}
	if n, err := strconv.Atoi(os.Getenv("GATEHOUSE_ROUNDS")); err == nil {
		rounds, seed = n, uint64(time.Now().UnixNano())
	}
	t.Logf("%d rounds of seed %d", rounds, seed)
	random := rand.New(rand.NewPCG(seed, seed))
	for i := range rounds {
		one, other := all[random.IntN(len(all))], all[random.IntN(len(all))]
		review := one.Input
		for range 1 + random.IntN(3) {
			review, _ = bent(random, review, other.Input).(map[string]any)
		}
		input, err := policytest.Value(review)
		if err != nil {
			continue
		}
		if !agree(t, planned, byTopdown, input) {
			t.Fatalf("round %d of seed %d: %s bent towards %s", i, seed, one.File, other.File)
		}
	}
}

// odd values go where something else is expected.
var odd = []any{nil, true, false, 0, -1, 1.5, "", "x", "gatehouse.dev/", []any{}, []any{nil, 1, "a"}, map[string]any{}, map[string]any{"name": []any{}}}

// bent copies a value with one place in it changed: taken out, of another type, or as it is
// in another value.
func bent(random *rand.Rand, v, other any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 || random.IntN(12) == 0 {
			break
		}
		out := make(map[string]any, len(v))
		keys := make([]string, 0, len(v))
		for key, value := range v {
			out[key] = value
			keys = append(keys, key)
		}
		slices.Sort(keys)
		key := keys[random.IntN(len(keys))]
		others, _ := other.(map[string]any)
		switch random.IntN(8) {
		case 0:
			delete(out, key)
		case 1:
			if x, ok := others[key]; ok {
				out[key] = x
			}
		default:
			out[key] = bent(random, v[key], others[key])
		}
		return out
	case []any:
		if len(v) == 0 || random.IntN(12) == 0 {
			break
		}
		out := slices.Clone(v)
		i := random.IntN(len(out))
		switch random.IntN(4) {
		case 0:
			return slices.Delete(out, i, i+1)
		case 1:
			return append(out, out[i])
		}
		out[i] = bent(random, out[i], nil)
		return out
	}
	return odd[random.IntN(len(odd))]
}
