package policies_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/tester"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
	"gatehouse.dev/gatehouse/test/conformance"
)

func compile(t testing.TB, unoptimized bool) *engine.Program {
	t.Helper()
	p, err := engine.Compile(context.Background(), engine.Options{Policies: policies.FS, Unoptimized: unoptimized})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func cases(t testing.TB, p *engine.Program) []policytest.Case {
	t.Helper()
	var rules []string
	for _, info := range p.Rules() {
		rules = append(rules, info.Rule)
	}
	all, err := policytest.Cases(policies.FS, rules...)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d examples", len(all))
	}
	if conformance.Raced {
		// A part of each rule's, another one for each rule.
		all = slices.DeleteFunc(all, func(c policytest.Case) bool { return (len(c.File)+len(c.Rule))%3 != 0 })
	}
	return all
}

func decide(t testing.TB, p *engine.Program, review map[string]any) (engine.Result, error) {
	t.Helper()
	input, err := policytest.Value(review)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.Eval(context.Background(), input, nil)
	if err != nil {
		return engine.Result{}, err
	}
	return engine.Decode(answer)
}

// TestOptimizationsChangeNothing compares with rule indexing and early exit off.
func TestOptimizationsChangeNothing(t *testing.T) {
	fast, slow := compile(t, false), compile(t, true)
	for _, c := range cases(t, fast) {
		for _, p := range []*engine.Program{fast, slow} {
			if _, err := decide(t, p, c.Input); err != nil {
				t.Errorf("%s: %v", c.File, err)
			}
		}
		input, err := policytest.Value(c.Input)
		if err != nil {
			t.Fatalf("%s: %v", c.File, err)
		}
		if !agree(t, fast, slow, input) {
			t.Errorf("example %s", c.File)
		}
	}
}

// nobody are the ways in which a review may not say who is calling.
var nobody = map[string]func(map[string]any){
	"no caller":       func(in map[string]any) { delete(in, "caller") },
	"null caller":     func(in map[string]any) { in["caller"] = nil },
	"empty caller":    func(in map[string]any) { in["caller"] = map[string]any{} },
	"no relation":     func(in map[string]any) { delete(in["caller"].(map[string]any), "relation") },
	"no role":         func(in map[string]any) { delete(in["caller"].(map[string]any), "role") },
	"empty relation":  func(in map[string]any) { in["caller"].(map[string]any)["relation"] = "" },
	"listed relation": func(in map[string]any) { in["caller"].(map[string]any)["relation"] = []any{"owner"} },
}

// TestIdentityMissingDenies strips who is calling from every example. What a rule denied it
// denies still, and so it does what it let pass because of who was calling.
func TestIdentityMissingDenies(t *testing.T) {
	p := compile(t, false)
	by := map[string]int{}
	for name, strip := range nobody {
		for _, c := range cases(t, p) {
			own := c.Fails && len(c.Expect.Deny) > 0
			if !c.Fails && strings.HasSuffix(name, " caller") {
				own = denies(t, p, c, func(in map[string]any) {
					in["caller"] = map[string]any{"class": "human", "actor": "x:mallory", "author": "x:mallory", "relation": "foreign", "role": "member", "tenant": "mallory"}
				})
			}
			strip(c.Input)
			delete(c.Input, "passport")
			delete(c.Input["request"].(map[string]any), "userInfo")
			result, err := decide(t, p, c.Input)
			if err != nil || len(result.Denials) == 0 {
				t.Errorf("%s, %s: %v, %v, want a denial", c.File, name, result.Denials, err)
			}
			if !own {
				continue
			}
			by[c.Rule]++
			if !slices.ContainsFunc(result.Denials, func(f engine.Finding) bool { return f.Rule == c.Rule }) {
				t.Errorf("%s, %s: %v, want a denial by %s too", c.File, name, result.Denials, c.Rule)
			}
		}
	}
	t.Logf("denied by the rule itself: %v", by)
	for _, rule := range []string{"isolation/tenant-membership", "pods/connections", "objects/owner-references"} {
		if by[rule] == 0 && !conformance.Raced {
			t.Errorf("%s reads who is calling and was not asked", rule)
		}
	}
}

// denies reports whether an example's rule denies it, changed so.
func denies(t *testing.T, p *engine.Program, c policytest.Case, change func(map[string]any)) bool {
	t.Helper()
	review := copied(c.Input).(map[string]any)
	change(review)
	result, err := decide(t, p, review)
	if err != nil {
		t.Fatalf("%s: %v", c.File, err)
	}
	return slices.ContainsFunc(result.Denials, func(f engine.Finding) bool { return f.Rule == c.Rule })
}

// TestAbsenceDenies takes away, one at a time, everything that the facts say and wants
// what was denied to stay denied.
func TestAbsenceDenies(t *testing.T) {
	p := compile(t, false)
	tried := 0
	for _, c := range cases(t, p) {
		if !c.Fails || len(c.Expect.Deny) == 0 {
			continue
		}
		for _, at := range paths(c.Input) {
			review := copied(c.Input).(map[string]any)
			remove(review, at)
			tried++
			result, err := decide(t, p, review)
			if err == nil && len(result.Denials) == 0 {
				t.Errorf("%s is allowed without %s", c.File, strings.Join(at, "."))
			}
		}
	}
	if tried < 100 && !conformance.Raced {
		t.Errorf("only %d removals tried", tried)
	}
	t.Logf("%d removals tried", tried)
}

// paths lists every field of the facts. What the request says of itself is left out: an
// object without the offending part is another object.
func paths(review map[string]any) [][]string {
	var out [][]string
	for _, key := range slices.Sorted(maps.Keys(review)) {
		if key == "request" {
			out = append(out, []string{"request", "userInfo"}, []string{"request", "namespace"}, []string{"request", "subResource"},
				[]string{"request", "resource"}, []string{"request", "oldObject"}, []string{"request", "object"})
			continue
		}
		out = append(out, []string{key})
		if sub, ok := review[key].(map[string]any); ok {
			for _, inner := range slices.Sorted(maps.Keys(sub)) {
				out = append(out, []string{key, inner})
			}
		}
	}
	return out
}

func copied(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(object))
	for key, value := range object {
		out[key] = copied(value)
	}
	return out
}

func remove(object map[string]any, at []string) {
	if len(at) == 1 {
		delete(object, at[0])
		return
	}
	if next, ok := object[at[0]].(map[string]any); ok {
		remove(next, at[1:])
	}
}

// TestMessagesAreOneLine puts a line break and a quote into everything that a caller may
// choose.
func TestMessagesAreOneLine(t *testing.T) {
	p := compile(t, false)
	for _, c := range cases(t, p) {
		result, err := decide(t, p, poisoned(c.Input).(map[string]any))
		if err != nil {
			t.Errorf("%s: %v", c.File, err)
			continue
		}
		for _, f := range result.Denials {
			if strings.ContainsAny(f.Msg, "\n\r\u2028") || strings.Contains(f.Msg, `x" ; denied by`) {
				t.Errorf("%s: %q", c.File, f.Msg)
			}
		}
	}
}

// poisoned appends to every string that matching does not need.
func poisoned(v any) any {
	switch v := v.(type) {
	case string:
		return v + "\n\u2028x\" ; denied by nothing: ok"
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = poisoned(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			switch key {
			case "kind", "operation", "subResource", "relation", "role", "path":
				out[key] = value
			default:
				out[key] = poisoned(value)
			}
		}
		return out
	}
	return v
}

// TestPlainOPA loads the folder as `opa test policies` does, examples and all.
func TestPlainOPA(t *testing.T) {
	modules, store, err := tester.Load([]string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().SetStore(store).SetModules(modules).RunTests(ctx, txn)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for r := range results {
		ran++
		if !r.Pass() {
			t.Error(fmt.Sprint(r))
		}
	}
	if ran < 20 {
		t.Errorf("only %d tests ran", ran)
	}
}
