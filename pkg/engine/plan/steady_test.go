package plan

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
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

all := [steady_text, steady_set, steady_nested, steady_called, reads_input, reads_data, calls_one, calls_two,
	has_chance, has_time, has_mock, has_certificates, {x | x := undefined_always}]
`

func TestSteadyRules(t *testing.T) {
	t.Parallel()
	p, _ := bothWays(t, ast.MustParseModule(steadyOnes), []string{"s/all"})
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
	if pure < 100 {
		t.Errorf("%d functions are pure", pure)
	}
}

// TestSteadyRulesAreShared asks under several inputs at once; run it under the race detector:
// evaluations may share values only if reading them changes nothing that is not locked.
func TestSteadyRulesAreShared(t *testing.T) {
	t.Parallel()
	module := ast.MustParseModule(strings.Replace(steadyOnes, "has_chance, has_time, has_mock, has_certificates, ", "", 1))
	short, asPlanned := bothWays(t, module, []string{"s/all"})
	inputs := []string{`{"x": 1}`, `{"x": [2]}`, `{}`, `{"x": 4}`}
	var group sync.WaitGroup
	for range 8 {
		for _, text := range inputs {
			input := ast.MustParseTerm(text).Value
			group.Go(func() {
				want, got := ask(t, asPlanned, "s/all", input), ask(t, short, "s/all", input)
				if want == nil != (got == nil) || want != nil && want.String() != got.String() {
					t.Errorf("%s: as planned %v, steady %v", text, want, got)
				}
			})
		}
	}
	group.Wait()
	for _, fn := range short.funcs {
		if kept := fn.kept.Load() != nil; kept != (fn.steady && !strings.HasSuffix(fn.name, "undefined_always")) {
			t.Errorf("%s: steady %v, kept %v", fn.name, fn.steady, kept)
		}
	}
}
