package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"

	"gatehouse.dev/gatehouse/pkg/engine/plan"
)

// nine is a function with more operands than a plan passes on.
func nine(o *Options) {
	args := make([]types.Type, 9)
	for i := range args {
		args[i] = types.A
	}
	decl := &ast.Builtin{Name: "test.nine", Decl: types.NewFunction(types.Args(args...), types.B)}
	o.decls = map[string]*ast.Builtin{decl.Name: decl}
	o.builtins = map[string]*topdown.Builtin{decl.Name: {Decl: decl, Func: func(_ topdown.BuiltinContext, _ []*ast.Term, iter func(*ast.Term) error) error {
		return iter(ast.InternedTerm(true))
	}}}
}

// TestOnlyNothingIsLeftOut: what is of another shape than it must be stays, for Decode to refuse.
func TestOnlyNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	for says, stays := range map[string]bool{
		`{"enforcement": "deny", "deny": set(), "warn": set(), "demand": {}, "mutate": set()}`: false,
		`{"enforcement": "deny"}`:                               false,
		`{"enforcement": "deny", "deny": set(), "warn": {"w"}}`: true,
		`{"enforcement": "deny", "demand": {"sessions": 1}}`:    true,
		`{"deny": {"no enforcement"}}`:                          true,
		`{"enforcement": "deny", "deny": {}}`:                   true,
		`{"enforcement": "deny", "mutate": {}}`:                 true,
		`{"enforcement": "deny", "demand": set()}`:              true,
		`{"enforcement": "deny", "deny": []}`:                   true,
		`{"enforcement": "deny", "deny": null}`:                 true,
		`[]`:                                                    true,
	} {
		document := ast.NewObject()
		addSaid(document, ast.StringTerm("a/b"), ast.MustParseTerm(says))
		if got := document.Len() > 0; got != stays {
			t.Errorf("%s: it stays: %v, want %v", says, got, stays)
		}
	}
}

// TestUnplannedPolicyIsAskedAllTheSame: one odd policy among others is asked through topdown
// and says what it has to say, the others keep their plan.
func TestUnplannedPolicyIsAskedAllTheSame(t *testing.T) {
	modules := map[string]string{"a/odd": "package a.odd\n\ndeny contains \"odd\" if test.nine(1, 2, 3, 4, 5, 6, 7, 8, 9)\n"}
	for i := range 7 {
		modules[fmt.Sprintf("a/p%d", i)] = fmt.Sprintf("package a.p%d\n\ndeny contains \"p%d\" if input.request.kind.kind == \"Pod\"\n", i, i)
	}
	p := compiled(t, modules, nine)
	unplanned := p.Unplanned()
	if len(unplanned) != 1 || !errors.Is(unplanned["a/odd"], plan.ErrUnplanned) || !strings.Contains(unplanned["a/odd"].Error(), "test.nine") {
		t.Errorf("without a plan: %v, want a/odd because of test.nine", unplanned)
	}
	without := compiled(t, modules, nine, func(o *Options) { o.NoPlan = true })
	input := write(t, "", "Pod", "CREATE", map[string]any{"caller": map[string]any{}})
	mixed, err := decided(t, p, input)
	if err != nil {
		t.Fatal(err)
	}
	want, err := decided(t, without, input)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, mixed); diff != "" || len(mixed.Denials) != 8 {
		t.Errorf("%d denials, want 8 (-topdown +mixed):\n%s", len(mixed.Denials), diff)
	}
}

// TestFirstGoesByHalves: among 256 rules two odd ones are found with a few tries each.
func TestFirstGoesByHalves(t *testing.T) {
	var rules []string
	for i := range 256 {
		rules = append(rules, fmt.Sprintf("r%03d", i))
	}
	tries := 0
	odd := map[string]bool{"r077": true, "r200": true}
	try := func(some []string) error {
		tries++
		for _, rule := range some {
			if odd[rule] {
				return errors.New(rule)
			}
		}
		return nil
	}
	culprit, why := first(rules, errors.New("some"), try)
	if culprit != "r077" || why.Error() != culprit || tries > 16 {
		t.Errorf("found %s because of %v in %d tries", culprit, why, tries)
	}
	pairwise := func(some []string) error {
		if len(some) > 1 {
			return errors.New("together")
		}
		return nil
	}
	if culprit, why := first([]string{"a", "b"}, errors.New("together"), pairwise); culprit != "b" || why.Error() != "together" {
		t.Errorf("of two that do not go together, %s: %v", culprit, why)
	}
}
