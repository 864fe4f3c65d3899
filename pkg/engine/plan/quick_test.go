package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// operands are of every type, and of what is odd within a type.
var operands = strings.Split(strings.TrimSpace(`
null
true
false
0
-0
1
2
-1
1.0
1.000
-0.0
0.5
1e3
1E3
2000000001.000
9223372036854775807
9223372036854775808
100000000000000000000000000000
""
"a"
"b"
"ab"
"ä\u0000\"\n"
"%s"
"%d"
"%q and %v"
"%v%v"
"%5s"
"%%"
"100%"
[]
["a"]
["a", "b"]
["a", 1]
[1]
[1.0]
[1.000]
[-0.0]
[2000000001.000]
[1e3]
[-0]
[0.5]
[9223372036854775808]
[null]
[["a"]]
["ä\u0000\"\n", -7]
{}
{"a": null}
{"a": {"b": 1}}
{"a": ["x", {"b": 2}], 1: "one"}
set()
{"a"}
{"a", 1}
{{"a"}}
`), "\n")

// direct asks a built-in function as it is; nil where it is undefined or an error.
func direct(t *testing.T, name string, args ...*ast.Term) *ast.Term {
	t.Helper()
	var result *ast.Term
	run := topdown.GetBuiltin(name)
	if run == nil {
		t.Fatalf("no built-in function %s", name)
	}
	if err := run(topdown.BuiltinContext{Context: t.Context()}, args, func(r *ast.Term) error { result = r; return nil }); err != nil {
		return nil
	}
	return result
}

// TestQuickIsTheSame asks every quick function and the one whose place it takes, of all operands.
// Where it gives anything, that is the same, to the letter: 1 and 1.0 are equal and are printed
// otherwise.
func TestQuickIsTheSame(t *testing.T) {
	t.Parallel()
	var values []*ast.Term
	for _, text := range operands {
		values = append(values, ast.MustParseTerm(text))
	}
	taken := map[string]int{}
	check := func(name string, got *ast.Term, args ...*ast.Term) {
		t.Helper()
		if got == nil {
			return
		}
		taken[name]++
		if want := direct(t, name, args...); want == nil || want.String() != got.String() {
			t.Errorf("%s of %v: %v, want %v", name, args, got, want)
		}
	}
	for _, a := range values {
		for name, do := range quickOne {
			check(name, do(a), a)
		}
		for _, b := range values {
			for name, do := range quickTwo {
				check(name, do(a, b), a, b)
			}
			for _, c := range values {
				for name, do := range quickThree {
					check(name, do(a, b, c), a, b, c)
				}
			}
		}
	}
	for _, names := range []int{len(quickOne), len(quickTwo), len(quickThree)} {
		if names == 0 {
			t.Error("a table is empty")
		}
	}
	if want := len(quickOne) + len(quickTwo) + len(quickThree); len(taken) != want {
		t.Errorf("%d of %d functions were taken by any operands: %v", len(taken), want, taken)
	}
}

// TestWhatIsPrintedLongGoesTheLongWay: the function itself bounds what it prints.
func TestWhatIsPrintedLongGoesTheLongWay(t *testing.T) {
	t.Parallel()
	long := ast.StringTerm(strings.Repeat("x", quickText+1))
	many := make([]*ast.Term, quickArgs+1)
	for i := range many {
		many[i] = ast.StringTerm("x")
	}
	for name, tt := range map[string][2]*ast.Term{
		"a long format":   {long, ast.ArrayTerm()},
		"a long argument": {ast.StringTerm("%s"), ast.ArrayTerm(long)},
		"many arguments":  {ast.StringTerm(strings.Repeat("%s", len(many))), ast.ArrayTerm(many...)},
	} {
		if got := printed(tt[0], tt[1]); got != nil {
			t.Errorf("%s went the quick way", name)
		}
	}
	if got := printed(ast.StringTerm("%s, %d"), ast.ArrayTerm(ast.StringTerm("x"), ast.NumberTerm("7"))); got == nil || fmt.Sprint(got) != `"x, 7"` {
		t.Errorf("x, 7 is printed as %v", got)
	}
}
