package plan

import (
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// recalls has functions that ask t.seen once for each time they are evaluated.
const recalls = `package r

f(x) := [t.seen(x), input.k]

three(x, y, z) := [t.seen(x), y, z]

four(x, y, z, w) := [t.seen(x), y, z, w]

odd(x) if t.seen(x) == "odd"

same := [f(input.a), f(input.a), f(input.a)]

each := [f(input.a) | some _ in input.list]

others := [f(input.a), f(input.b), f(input.a)]

alike := [f(x) | some x in input.alike]

threes := [three(input.a, input.b, "c"), three(input.a, input.b, "c"), three(input.a, input.b, "d"), three(input.a, input.a, "d")]

fours := [four(input.a, "c", "d", "e"), four(input.a, "c", "d", "e")]

undefined := [1 | some _ in input.list; not odd(input.a)]

mocked := [f(input.a), m, f(input.a)] if m := f(input.a) with input.k as 7

around := [f(input.a), inside, f(input.a)]

after := y if {
	count(inside) == 2
	y := f(input.a)
}

inside := m if m := [f(input.a), f(input.a)] with input.k as 7
`

// TestWhatIsRecalled counts how often functions are evaluated, and wants the answers of a plan
// that recalls nothing.
func TestWhatIsRecalled(t *testing.T) {
	t.Parallel()
	calls := 0
	options := Options{Builtins: map[string]*topdown.Builtin{"t.seen": {
		Decl: &ast.Builtin{Name: "t.seen", Decl: types.NewFunction(types.Args(types.A), types.A)},
		Func: func(_ topdown.BuiltinContext, operands []*ast.Term, give func(*ast.Term) error) error {
			calls++
			return give(operands[0])
		},
	}}}
	options.Capabilities = ast.CapabilitiesForThisVersion()
	options.Capabilities.Builtins = append(options.Capabilities.Builtins, options.Builtins["t.seen"].Decl)
	input := ast.MustParseTerm(`{"k": 1, "a": "x", "b": "y", "list": [1, 2, 3, 4], "alike": ["x", "x", "x"]}`).Value
	for rule, want := range map[string]struct{ planned, recalled int }{
		"same":      {3, 1},
		"each":      {4, 1},
		"others":    {3, 3}, // the last answer only
		"alike":     {3, 3}, // equal values are not the same terms
		"threes":    {4, 3},
		"fours":     {2, 2}, // too many operands
		"undefined": {4, 1}, // not being defined is an answer too
		"inside":    {2, 2}, // under another input nothing is
		"after":     {3, 3}, // and what was asked under it is not recalled outside
		"around":    {4, 3},
		"mocked":    {3, 3}, // what follows a with is planned within it
	} {
		policy, err := planned(t.Context(), map[string]*ast.Module{"m.rego": ast.MustParseModule(recalls)}, []string{"r/" + rule}, options)
		if err != nil {
			t.Fatal(err)
		}
		counted := func(asPlanned bool) (ast.Value, int) {
			o := options
			o.asPlanned = asPlanned
			p := linked(t, policy, o)
			calls = 0
			value := ask(t, p, "r/"+rule, input)
			return value, calls
		}
		plain, plainly := counted(true)
		value, recalled := counted(false)
		if plain == nil || plain.Compare(value) != 0 {
			t.Errorf("%s is %v, as planned %v", rule, value, plain)
		}
		if plainly != want.planned || recalled != want.recalled {
			t.Errorf("%s evaluates %d times, %d as planned; want %d, %d", rule, recalled, plainly, want.recalled, want.planned)
		}
	}
}

// TestNothingIsRecalledLater asks under one input after the other, and wants nothing held.
func TestNothingIsRecalledLater(t *testing.T) {
	t.Parallel()
	p, _ := bothWays(t, ast.MustParseModule("package r\n\nf(x) := [x, input.k]\n\nsame := [f(\"a\"), f(\"a\")]\n"), []string{"r/same"})
	rule, _ := p.Rule("r/same")
	for _, k := range []string{"1", "2", "3"} {
		input := ast.MustParseTerm(`{"k": ` + k + `}`).Value
		run := p.Start(t.Context(), input, nil, nil, nil)
		m := run.m
		value, err := run.Ask(rule)
		if want := `[["a", ` + k + `], ["a", ` + k + `]]`; err != nil || value.String() != want {
			t.Errorf("k is %s: %v, %v", k, value, err)
		}
		run.End()
		for i, held := range m.outermost.answers {
			if held != (answer{}) {
				t.Errorf("function %s: %+v is held on to", p.funcs[i].name, held)
			}
		}
	}
}

// TestNothingIsHeldAfterAPanic: a built-in function that panics within a with leaves the machine as
// any other evaluation does.
func TestNothingIsHeldAfterAPanic(t *testing.T) {
	t.Parallel()
	options := Options{Capabilities: ast.CapabilitiesForThisVersion(), Builtins: map[string]*topdown.Builtin{"t.panic": {
		Decl: &ast.Builtin{Name: "t.panic", Decl: types.NewFunction(types.Args(types.A), types.A)},
		Func: func(topdown.BuiltinContext, []*ast.Term, func(*ast.Term) error) error { panic("t.panic") },
	}}}
	options.Capabilities.Builtins = append(options.Capabilities.Builtins, options.Builtins["t.panic"].Decl)
	module := ast.MustParseModule("package r\n\nsecret := [input.k]\n\nx := [secret, y] if y := t.panic(secret) with input.k as 7\n")
	p, err := Compile(t.Context(), map[string]*ast.Module{"m.rego": module}, []string{"r/x"}, options)
	if err != nil {
		t.Fatal(err)
	}
	rule, _ := p.Rule("r/x")
	run := p.Start(t.Context(), ast.MustParseTerm(`{"k": "tenant-a"}`).Value, nil, nil, nil)
	m := run.m
	func() {
		defer func() {
			if recover() == nil {
				t.Error("nothing panicked")
			}
		}()
		defer run.End()
		_, _ = run.Ask(rule)
	}()
	if m.memo != &m.outermost {
		t.Error("the machine is still within the with")
	}
	if i := slices.IndexFunc(m.outermost.answers, func(a answer) bool { return a != answer{} }); i >= 0 {
		t.Errorf("%s is held on to", p.funcs[i].name)
	}
}

func linked(t *testing.T, policy *ir.Policy, o Options) *Plan {
	t.Helper()
	p, err := link(policy, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
