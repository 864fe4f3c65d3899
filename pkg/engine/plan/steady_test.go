package plan

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// steadyOnes has rules that always give the same, by name, and rules that look so.
const steadyOnes = `package s

steady_text := sprintf("%s-%d", [steady_word, 3])

steady_word := "a"

steady_set contains joined(x, steady_word) if some x in ["c", "b"]

steady_nested := {"k": [{"x", "y"}, {"z": {1, 2}}], "j": steady_set}

steady_called := joined("x", "y")

joined(a, b) := concat("/", [a, b])

reads_input := [steady_word, input.x]

reads_data := data.outside

calls_one := of("a")

of(a) := [a, input.x]

calls_two := steps("a")

steps(a) := of(a)

has_chance := rand.intn("k", 1000000)

has_time := time.now_ns()

has_mock := x if x := joined("x", "y") with input as {"x": 1}

has_certificates := crypto.x509.parse_and_verify_certificates("")

undefined_always := 1 if steady_word == "b"

has_own := upper("a")

all := [steady_text, steady_set, steady_nested, steady_called, reads_input, {x | x := reads_data}, calls_one, calls_two,
	has_chance, has_time, has_mock, has_certificates, has_own, {x | x := undefined_always}]
`

func TestSteadyRules(t *testing.T) {
	t.Parallel()
	upper := &topdown.Builtin{Decl: ast.Upper, Func: topdown.GetBuiltin(ast.Upper.Name)}
	options := Options{Builtins: map[string]*topdown.Builtin{ast.Upper.Name: upper}} // who knows what it does
	policy, err := planned(t.Context(), map[string]*ast.Module{"m.rego": ast.MustParseModule(steadyOnes)}, []string{"s/all"}, options)
	if err != nil {
		t.Fatal(err)
	}
	p := linked(t, policy, options)
	var got []string
	for _, fn := range p.funcs {
		if name := fn.path()[strings.LastIndexByte(fn.path(), '.')+1:]; fn.steady && !slices.Contains(got, name) {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	// A word is a constant where it stands, and steady where it is asked for.
	want := []string{"steady_called", "steady_nested", "steady_set", "steady_text", "steady_word", "undefined_always"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steady rules (-want +got):\n%s", diff)
	}
}

// TestWhatIsPure: that a built-in function needs no context must go on to mean that it asks for
// neither time nor chance nor the world.
func TestWhatIsPure(t *testing.T) {
	t.Parallel()
	l := &linker{}
	pure := 0
	for name, decl := range ast.BuiltinMap {
		if !l.pure(name) {
			continue
		}
		pure++
		if strings.HasPrefix(name, "io.jwt.") && name != ast.JWTDecode.Name || decl.Nondeterministic {
			t.Errorf("%s may answer otherwise the next time", name)
		}
	}
	if pure != 172 {
		t.Errorf("%d functions are pure, 172 were looked through: see what the others ask for", pure)
	}
}

// TestSteadyRulesAreEvaluatedOnce wants the very value of the first evaluation in the second.
func TestSteadyRulesAreEvaluatedOnce(t *testing.T) {
	t.Parallel()
	short, asPlanned := bothWays(t, ast.MustParseModule("package s\n\nx := [t, input.k]\n\nt := sprintf(\"%d\", [7])\n"), []string{"s/x", "s/t"})
	first := func(p *Plan, input string) *ast.Term {
		list, ok := ask(t, p, "s/x", ast.MustParseTerm(input).Value).(*ast.Array)
		if !ok {
			t.Fatal("no list")
		}
		return list.Elem(0)
	}
	if first(short, `{"k": 1}`) != first(short, `{"k": 2}`) {
		t.Error("a steady rule was evaluated twice")
	}
	rule, _ := short.Rule("s/t")
	itself := func() *ast.Term { return short.Start(t.Context(), nil, nil, nil, nil).m.call(rule.fn, nil, nil) }
	if once, again := itself(), itself(); once != again {
		t.Error("a steady rule that is asked for itself was evaluated twice")
	}
	if first(asPlanned, `{"k": 1}`) == first(asPlanned, `{"k": 2}`) {
		t.Error("one by one it was evaluated once, so this shows nothing")
	}
}

// TestSteadyRulesAreShared reads what is kept in all ways at once, from the first evaluation on;
// run it under the race detector. OPA's intersection of a set that somebody else orders loses members.
func TestSteadyRulesAreShared(t *testing.T) {
	t.Parallel()
	var words []string
	var members []*ast.Term
	for i := range 200 {
		word := strconv.Itoa(i * 7919 % 211) // in no order
		words, members = append(words, word), append(members, ast.StringTerm(word))
	}
	input := ast.NewObject(ast.Item(ast.StringTerm("set"), ast.SetTerm(members...)))
	module := ast.MustParseModule(`package s

kept contains lower(x) if some x in split("` + strings.Join(words, ",") + `", ",")

nested := {"k": [{lower(x) | some x in split("` + strings.Join(words, ",") + `", ",")}]}

made := [count(kept), count(nested)]

ordered := [x | some set in [kept, nested.k[0]]; some x in set]

all := [count(kept & input.set), count(kept | input.set), count(nested.k[0] & input.set)]
`)
	for range 100 {
		short, asPlanned := bothWays(t, module, []string{"s/all", "s/ordered", "s/made"})
		want := ask(t, asPlanned, "s/all", input)
		if made := ask(t, short, "s/made", input); made.String() != "[200, 1]" || want == nil {
			t.Fatalf("there is nothing to share: %v, %v", made, want)
		}
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() { ask(t, short, "s/ordered", input) })
			group.Go(func() {
				for range 3 {
					if got := ask(t, short, "s/all", input); want.Compare(got) != 0 {
						t.Errorf("as planned %v, shared %v", want, got)
					}
				}
			})
		}
		group.Wait()
	}
}
