package plan

import (
	"errors"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// collisions has rules that make objects whose keys have the same hash, each of them more than once.
const collisions = `package c

keys := [["a", "b"], ["b", "a"], ["a", "b"], 1, 1.5, 1, true, null, [], {}, null, "a", ["a"], {"a"}, "a", {"a": "b"}, {"b": "a"}, {"a": "b"}]

# kept has each of them.
kept[k] := true if some k in keys

lost contains k if {
	some k in keys
	not kept[k]
}

many[k] contains i if some i, k in keys

nested[k][i] := true if some i, k in keys

inner[i][k] := true if {
	some i in [1, 1.5]
	some k in keys
}

comprehension := {k: true | some k in keys}

missing contains [k, i] if {
	some i, k in keys
	not i in many[k]
}

missing contains [k, i] if {
	some i, k in keys
	not nested[k][i]
}

missing contains [i, k] if {
	some i in [1, 1.5]
	some k in keys
	not inner[i][k]
}

missing contains k if {
	some k in keys
	not comprehension[k]
}

with_other := {k | some k; x[k]} if x := replaced with input as {"a": {1: 1, 1.5: 2, true: 3}}

replaced := y if y := input.a with input.a[1] as 7

counts := [count(kept), count(many), count(nested), count(inner), count(comprehension)]
`

// TestNoMemberIsLost: OPA's own Insert loses members of an object when keys have the same hash.
func TestNoMemberIsLost(t *testing.T) {
	t.Parallel()
	module := ast.MustParseModule(collisions)
	short, asPlanned := bothWays(t, module, []string{"c/lost", "c/missing", "c/counts", "c/many"})
	for path, want := range map[string]string{
		"c/lost": "set()", "c/missing": "set()", "c/counts": "[13, 13, 13, 2, 13]",
	} {
		for name, p := range map[string]*Plan{"short": short, "as planned": asPlanned} {
			got := ask(t, p, path, ast.NewObject())
			if got.Compare(ast.MustParseTerm(want).Value) != 0 {
				t.Errorf("%s, %s: %v, want %s", path, name, got, want)
			}
		}
	}
	// The hash of an object is that of what is in it.
	many := ask(t, short, "c/many", ast.NewObject())
	if again := ast.MustParseTerm(many.String()).Value; many.Hash() != again.Hash() {
		t.Errorf("the hash of %v is %d, of what is in it %d", many, many.Hash(), again.Hash())
	}
}

// TestReplacedKeepsTheOthers replaces a member, and puts one beside, whose keys have one hash.
func TestReplacedKeepsTheOthers(t *testing.T) {
	t.Parallel()
	for _, order := range []string{`{1: "a", 1.5: "b", true: "c"}`, `{true: "c", 1: "a", 1.5: "b"}`, `{1.5: "b", true: "c", 1: "a"}`} {
		in := ast.MustParseTerm(order)
		for _, key := range []string{"1", "1.5", "true"} {
			got, _ := upsert(in, []*ast.Term{ast.MustParseTerm(key)}, ast.StringTerm("new")).Value.(ast.Object)
			if got.Len() != 3 || got.Get(ast.MustParseTerm(key)).Value.Compare(ast.String("new")) != 0 || got.Get(ast.MustParseTerm("1")) == nil || got.Get(ast.MustParseTerm("1.5")) == nil || got.Get(ast.MustParseTerm("true")) == nil {
				t.Errorf("%s of %s is replaced: %v", key, order, got)
			}
			over := ast.NewTerm(ast.NewObject(ast.Item(ast.MustParseTerm(key), ast.StringTerm("new"))))
			if merged, _ := merge(in, over).Value.(ast.Object); merged.Len() != 3 || merged.Get(ast.MustParseTerm("1")) == nil || merged.Get(ast.MustParseTerm("1.5")) == nil || merged.Get(ast.MustParseTerm("true")) == nil {
				t.Errorf("%s beside %s: %v", key, order, merged)
			}
		}
	}
}

// TestHeadsThatArePlannedWrong have no plan: see misplanned.
func TestHeadsThatArePlannedWrong(t *testing.T) {
	t.Parallel()
	for rule, planned := range map[string]bool{
		`ok[1] contains x if x := input.zz[_]`:       false,
		`ok[true][k] := 1 if some k in input.zz`:     false,
		`ok.a[null].b := 1 if input.zz`:              false,
		`ok[-1] contains x if x := input.zz[_]`:      false,
		`ok.a contains x if x := input.zz[_]`:        true,
		`ok[1] := x if x := input.zz[_]`:             true,
		`ok[k] contains x if some k, x in input.zz`:  true,
		`ok["a"][k] := x if some k, x in input.zz`:   true,
		"ok contains 1 if input.zz\n\nok contains 2": true,
	} {
		module := ast.MustParseModule("package p\n\n" + rule + "\n\ny := count(ok)\n")
		p, err := Compile(t.Context(), map[string]*ast.Module{"m.rego": module}, []string{"p/y"}, Options{})
		if (err == nil) != planned || !planned && !errors.Is(err, ErrUnplanned) || planned && p == nil {
			t.Errorf("%s: %v, want a plan: %t", rule, err, planned)
		}
	}
}
