package growth_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine/growth"
)

// links makes each value hold the one before it twice, in a form.
func links(n int, form string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\ty%d := %s\n", i+1, strings.ReplaceAll(form, "Y", fmt.Sprintf("y%d", i)))
	}
	return b.String()
}

func TestCheck(t *testing.T) {
	t.Parallel()
	functions := "f0(x) := [x, x]\n"
	for i := range 30 {
		functions += fmt.Sprintf("f%d(x) := [f%d(x), 1]\n", i+1, i)
	}
	many := "g0(a, b, c, d) := x if x := sprintf(\"%v\", [[a, b, c, d]])\n"
	for i := range 30 {
		many += fmt.Sprintf("g%d(a, b, c, d) := x if x := g%d(c, d, a, b)\n", i+1, i)
	}
	parts, passed := "r0 := input\n", "h0(x) := sprintf(\"%v\", [x])\n"
	for i := range 40 {
		parts += fmt.Sprintf("r%d := v if v := r%d with input.%c as input\n", i+1, i, "ab"[i%2])
		passed += fmt.Sprintf("h%d(x) := h%d([x, x])\n", i+1, i)
	}
	for name, tt := range map[string]struct {
		body string
		line int
	}{
		"lists":                                  {"a if {\n\ty0 := input.x\n" + links(40, "[Y, Y]") + "\tcount(y40) > 0\n}\n", 21},
		"objects":                                {"a if {\n\ty0 := input.x\n" + links(40, `{"a": Y, "b": Y}`) + "\tcount(y40) > 0\n}\n", 20},
		"sets":                                   {"a if {\n\ty0 := input.x\n" + links(40, "{Y, [Y]}") + "\tcount(y40) > 0\n}\n", 20},
		"few":                                    {"a if {\n\ty0 := input.x\n" + links(12, "[Y, Y]") + "\tcount(y12) > 0\n}\n", 0},
		"a long list":                            {"a if {\n\ty0 := input.x\n" + links(200, "[Y]") + "\tcount(y200) > 0\n}\n", 0},
		"calls":                                  {functions + "a if {\n\ty0 := input.x\n" + links(40, "f0(Y)") + "\tcount(y40) > 0\n}\n", 52},
		"many arguments, none of them held":      {many + "a if g30(input.a, input.b, input.c, input.d)\n", 0},
		"a mock that doubles":                    {functions + "a if {\n\ty0 := input.x\n" + links(40, "sort(Y) with sort as f0") + "\tcount(y40) > 0\n}\n", 52},
		"a mock that hands on, doubled":          {"b(x) := x\n\nd(y0) := y40 if {\n" + links(40, "[sort(Y), sort(Y)]") + "}\n\na if count(d(input.x)) > 0 with sort as b\n", 22},
		"the same without a mock":                {"b(x) := x\n\nd(y0) := y40 if {\n" + links(40, "[sort(Y), sort(Y)]") + "}\n\na if count(d(input.x)) > 0\n", 0},
		"a mock that doubles, once":              {functions + "a if {\n\ty0 := input.x\n\ty1 := sort(y0) with sort as f0\n\tcount(y1) > 0\n}\n", 0},
		"a mock that hands on":                   {"b(x) := x\n\na if {\n\ty0 := input.x\n" + links(40, "[count(Y)] with count as b") + "\tcount(y40) > 0\n}\n", 0},
		"a mock by the function it replaces":     {"b(x) := sort(x)\n\na if count(sort(input.x)) > 0 with sort as b\n", 0},
		"a mock around the function it replaces": {"b(x) := [sort(x), sort(x)]\n\na if count(sort(input.x)) > 0 with sort as b\n", 4},
		"a mock of a rule's function":            {functions + "b(x) := x\n\nd(y0) := y40 if {\n" + links(40, "b(Y)") + "}\n\na if count(d(input.x)) > 0 with b as f0\n", 53},
		"a mock of nothing":                      {"none(_) := 1\n\na if {\n\ty1 := abs(input.x) with abs as none\n\ty1 > 0\n}\n", 0},
		"call of a call":                         {functions + "a if count(f30(input.x)) > 0\n", 0},
		"a comprehension, whose members are written out": {"a if {\n\ty0 := input.x\n" + links(40, "[z | some z in [Y, Y]]") + "\tcount(y40) > 0\n}\n", 0},
		"within one":                                {"a if count([y40 | y0 := input.x\n" + strings.ReplaceAll(links(40, "[Y, Y]"), "\t", "") + "]) > 0\n", 20},
		"every":                                     {"a if every y0 in input.x {\n" + links(40, "[Y, Y]") + "\tcount(y40) > 0\n}\n", 20},
		"every of many":                             {"a if {\n\ty0 := input.x\n" + links(12, "[Y, Y]") + "\tevery z in [y12] {\n\t\tw := [" + strings.Repeat("z, ", 99) + "z]\n\t\tcount(w) > 0\n\t}\n}\n", 17},
		"two rules":                                 {"one := y15 if {\n\ty0 := input.x\n" + links(15, "[Y, Y]") + "}\n\na if {\n\ty0 := one\n" + links(15, "[Y, Y]") + "\tcount(y15) > 0\n}\n", 25},
		"a head":                                    {"a contains [y17, y17, y17] if {\n\ty0 := input.x\n" + links(17, "[Y, Y]") + "}\n", 2},
		"an else":                                   {"a := 1 if {\n\tinput.a\n} else := y40 if {\n\ty0 := input.x\n" + links(40, "[Y, Y]") + "}\n", 23},
		"in input's place":                          {"p := [input, input]\n\na if {\n\ty0 := input.x\n" + links(40, "p with input as Y") + "\tcount(y40) > 0\n}\n", 17},
		"in the place of a part":                    {"p := [input.x, input.x]\n\na if {\n\ty0 := input.x\n" + links(40, "p with input.x as Y") + "\tcount(y40) > 0\n}\n", 16},
		"in the place of data":                      {"p := [data.b.c, data.b.c]\n\na if {\n\ty0 := input.x\n" + links(40, "p with data.b.c as Y") + "\tcount(y40) > 0\n}\n", 16},
		"in the place of a rule":                    {"q := input.q\n\np := [q, q]\n\na if {\n\ty0 := input.x\n" + links(40, "p with q as Y") + "\tcount(y40) > 0\n}\n", 18},
		"in input's place, by a function":           {"p(x) := [x, input, input]\n\na if {\n\ty0 := input.x\n" + links(40, "p(1) with input as Y") + "\tcount(y40) > 0\n}\n", 16},
		"in input's place, held once":               {"p := [input]\n\na if {\n\ty0 := input.x\n" + links(14, "p with input as Y") + "\tcount(y14) > 0\n}\n", 0},
		"in input's place, again and again":         {"p := input.x\n\na if {\n\ty0 := input.x\n" + links(200, "p with input as Y") + "\tcount(y200) > 0\n}\n", 0},
		"in input's place, constants":               {"p := [input, input]\n\na if {\n" + strings.Repeat("\tp with input as {\"x\": [1, 2]} with data.b as 7\n", 40) + "}\n", 0},
		"in input's place, what is not held":        {"p := [count(input), 1]\n\na if {\n\ty0 := [input.x, input.y]\n" + strings.Repeat("\tp[0] == 2 with input as y0\n", 40) + "}\n", 0},
		"part by part, rule by rule":                {parts + "\na if count(r40) > 0\n", 21},
		"a function's answer":                       {"a if {\n\ty0 := input.x\n" + links(40, "sort(input.x) with sort as [Y, Y]") + "\tcount(y40) > 0\n}\n", 21},
		"passed on and never answered":              {passed + "\na if h40(input.x)\n", 20},
		"passed on and never answered, a few times": {passed + "\na if h10(input.x)\n", 20},
		"a comprehension, in input's place":         {"p := [input, input]\n\na if {\n\ty0 := input.x\n" + links(40, "{\"k\": [p, [z | z := p][0]]} with input as Y") + "\tcount(y40) > 0\n}\n", 16},
		"constants":                                 {"a if {\n\ty := [[1, 2], [1, 2]]\n\tcount(y) == input.x\n}\n", 0},
		"destructured":                              {"a if {\n\t[x, y] := input.x\n\tz := [x, y, x]\n\tcount(z) > 0\n}\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			module, err := ast.ParseModule("a.rego", "package a\n"+tt.body)
			if err != nil {
				t.Fatal(err)
			}
			c := ast.NewCompiler()
			if c.Compile(map[string]*ast.Module{"a.rego": module}); c.Failed() {
				t.Fatal(c.Errors)
			}
			found := growth.Check(c)
			switch {
			case tt.line == 0 && len(found) > 0:
				t.Errorf("found %v", found)
			case tt.line > 0 && (len(found) == 0 || found[0].Line != tt.line || found[0].File != "a.rego"):
				t.Errorf("found %v, want one at line %d", found, tt.line)
			}
		})
	}
}
