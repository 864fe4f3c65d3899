package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
)

// TestIdiomsAreKnown: where OPA plans a function in another way than it did, policies are only
// slower, which no other test would see.
func TestIdiomsAreKnown(t *testing.T) {
	t.Parallel()
	if found := byShape(); len(found) != len(natives) {
		t.Errorf("%d shapes are known, want one for each of %d functions", len(found), len(natives))
	}
	module := ast.MustParseModule(`package other.place

read(anything, keys) := object.get(anything, keys, null) if is_object(anything)

else := null

# Another default is another function.
given(anything, keys) := object.get(anything, keys, "") if is_object(anything)

else := ""

answer := [read(input, ["a", "b"]), given(input, ["a", "b"])]
`)
	policy, err := planned(t.Context(), map[string]*ast.Module{"m.rego": module}, []string{"other/place/answer"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := link(policy, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.paths["g0/other/place/read"].native == nil {
		t.Error("a function like at is not answered in Go")
	}
	if p.paths["g0/other/place/given"].native != nil {
		t.Error("a function that gives something else is taken for at")
	}
}

// TestNatives asks each function in Go and in Rego, of values of every type.
func TestNatives(t *testing.T) {
	t.Parallel()
	module := ast.MustParseModule(idioms + `
answer := [object.get({"at": at(v, p), "items": items(v), "fields": fields(v)}, [], null) |
	some v in input.values
	some p in input.paths
]

lists := [v | some v in input.values; is_list(v)]

maps := [v | some v in input.values; is_map(v)]

texts := [v | some v in input.values; is_text(v)]

`)
	input := ast.MustParseTerm(`{
		"values": [null, true, 1, 0.5, "", "a", [], ["a"], [["a"]], {}, {"a": null}, {"a": {"b": 1}}, {"a": ["x", {"b": 2}]}, {"a": "b"}, set(), {"a"}, {"s": {"a"}}],
		"paths": [[], ["a"], ["a", "b"], ["a", 0], ["a", 1, "b"], ["s", "a"], "a", null, {"a": 1}, 0]}`).Value
	paths := []string{"idioms/answer", "idioms/lists", "idioms/maps", "idioms/texts"}
	inGo, asPlanned := bothWays(t, module, paths)
	for _, path := range paths {
		want, wanted := ask(t, asPlanned, path, input).(*ast.Array)
		got, given := ask(t, inGo, path, input).(*ast.Array)
		if !wanted || !given || want.Len() != got.Len() {
			t.Fatalf("%s is a list of another length", path)
		}
		for i := range want.Len() {
			if diff := cmp.Diff(want.Elem(i).String(), got.Elem(i).String()); diff != "" {
				t.Errorf("%s, %d (-Rego +Go):\n%s", path, i, diff)
			}
		}
	}
}

// bothWays links what answers paths with all that is shorter, and statement by statement.
func bothWays(t *testing.T, module *ast.Module, paths []string) (short, asPlanned *Plan) {
	t.Helper()
	policy, err := planned(t.Context(), map[string]*ast.Module{"m.rego": module}, paths, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if short, err = link(policy, Options{}); err != nil {
		t.Fatal(err)
	}
	if asPlanned, err = link(policy, Options{asPlanned: true}); err != nil {
		t.Fatal(err)
	}
	return short, asPlanned
}

func ask(t *testing.T, p *Plan, path string, input ast.Value) ast.Value {
	t.Helper()
	rule, ok := p.Rule(path)
	if !ok {
		t.Fatalf("no rule %s", path)
	}
	run := p.Start(t.Context(), input, nil, nil, nil)
	defer run.End()
	value, err := run.Ask(rule)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
