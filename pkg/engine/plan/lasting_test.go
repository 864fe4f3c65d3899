package plan

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
)

const lastingOnes = `package l

match(x) := {"x": {y | some y in split(x, "/")}} if regex.match("^[a-z/]+$", x)

above(x) := match(x)

mine(x) := [x, input.k] if regex.match("^[a-z/]+$", x)

two(x, y) if regex.match(x, y)

plain(x) := upper(x)

asked := match(input.x)

all := [asked, above(input.x), mine(input.x), two("a", input.x), plain(input.x)]
`

func lastingPlan(t *testing.T) *Plan {
	t.Helper()
	policy, err := planned(t.Context(), map[string]*ast.Module{"m.rego": ast.MustParseModule(lastingOnes)}, []string{"l/all", "l/asked"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return linked(t, policy, Options{})
}

// TestLastingFunctions: those that match expressions and depend on one operand alone.
func TestLastingFunctions(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	for _, fn := range lastingPlan(t).funcs {
		if fn.lasting != nil {
			got[fn.path()] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"data.l.match": true, "data.l.above": true}, got); diff != "" {
		t.Errorf("lasting functions (-want +got):\n%s", diff)
	}
}

// TestLastingAnswers asks one text after the other, each twice, and wants the very value again for
// those that are kept, under whatever input.
func TestLastingAnswers(t *testing.T) {
	t.Parallel()
	p := lastingPlan(t)
	rule, _ := p.Rule("l/asked")
	evaluate := func(x ast.Value) ast.Value {
		run := p.Start(t.Context(), ast.NewObject(ast.Item(ast.StringTerm("x"), ast.NewTerm(x))), nil, nil, nil)
		defer run.End()
		value, err := run.Ask(rule)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	for text, kept := range map[string]bool{"a/b": true, "a/c": true, strings.Repeat("a", lastingText): true, strings.Repeat("a", lastingText+1): false} {
		first, again := evaluate(ast.String(text)), evaluate(ast.String(strings.Clone(text)))
		one, isObject := first.(ast.Object)
		two, both := again.(ast.Object)
		if !isObject || !both || one.Compare(two) != 0 {
			t.Fatalf("%.9s: %v, then %v", text, first, again)
		}
		if (one == two) != kept {
			t.Errorf("%.9s of %d bytes: kept %t, want %t", text, len(text), one == two, kept)
		}
	}
	for _, none := range []ast.Value{ast.String("A"), ast.String("A"), ast.Number("1"), ast.Null{}} {
		if run := p.Start(t.Context(), ast.NewObject(ast.Item(ast.StringTerm("x"), ast.NewTerm(none))), nil, nil, nil); true {
			// Not a text is an error of the function, which is not strict here.
			if value, err := run.Ask(rule); value != nil || err != nil {
				t.Errorf("%v: %v, %v", none, value, err)
			}
			run.End()
		}
	}
	for _, fn := range p.funcs {
		if fn.path() == "data.l.match" {
			if a := fn.lasting.of("A").Load(); a == nil || a.text != "A" || a.value != nil {
				t.Errorf("of a text for which it is undefined, %v is kept", a)
			}
		}
	}
	review := strings.Repeat("x", 1<<16) + "q/q"
	evaluate(ast.String(review[1<<16:]))
	for _, fn := range p.funcs {
		if fn.path() != "data.l.match" {
			continue
		}
		a := fn.lasting.of("q/q").Load()
		if a == nil || a.text != "q/q" || unsafe.StringData(a.text) == unsafe.StringData(review[1<<16:]) {
			t.Errorf("kept is %v, want a text of its own", a)
		}
	}
}

// TestLastingAnswersAreShared has many evaluations ask more texts than are kept, at once.
func TestLastingAnswersAreShared(t *testing.T) {
	t.Parallel()
	p := lastingPlan(t)
	rule, _ := p.Rule("l/asked")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 4 * lastingAnswers {
				text := "a/" + strings.Map(func(r rune) rune { return r - '0' + 'a' }, strconv.Itoa(i%(2*lastingAnswers)))
				run := p.Start(t.Context(), ast.NewObject(ast.Item(ast.StringTerm("x"), ast.StringTerm(text))), nil, nil, nil)
				value, err := run.Ask(rule)
				if err != nil || value.String() != `{"x": {"a", "`+text[2:]+`"}}` && text[2:] != "a" {
					t.Errorf("%s: %v, %v", text, value, err)
				}
				run.End()
			}
		})
	}
	all.Wait()
}
