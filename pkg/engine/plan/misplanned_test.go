package plan

import (
	"errors"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// TestNotOverWhatAValueNames has no plan: see namespaces.denied. What has one says what it says in OPA's
// evaluator.
func TestNotOverWhatAValueNames(t *testing.T) {
	t.Parallel()
	lib := ast.MustParseModule("package lib\n\na.b := 2\n\ng := 1\n\ns contains 3 if input\n\nf(x) := x\n")
	for rules, planned := range map[string]bool{
		"x if not data.lib[input.k]":                           false,
		"x if {\n\tk := input.k\n\tnot data.lib[k]\n}":         false,
		"x if not data[input.k]":                               false,
		"x if not data.lib[input.k].b":                         false,
		"x if not data.lib[input.k] == 1":                      false,
		"x if not data.lib.f(data.lib[input.k])":               false,
		"x := [1 | not data.lib[input.k]]":                     false,
		"import data.lib\n\nx if not lib[input.k]":             false,
		"import data.lib as l\n\nx if not l[input.k]":          false,
		"x if not q[input.k]\n\nq.a.b := 1\n\nq.c := 2":        false,
		"x if not data.lib.a[input.k]":                         false,
		"x if data.lib[input.k]":                               true,
		"x if not data.lib.g":                                  true,
		"x if not data.lib.s[input.k]":                         true,
		"x if not data.base[input.k]":                          true,
		"x if not input.lib[input.k]":                          true,
		"import data.lib\n\nx if not lib.s[input.k]":           true,
		"x if not q[input.k]\n\nq contains 1 if input":         true,
		"x if not y\n\ny if data.lib[input.k]":                 true,
		"x if {\n\tlib := input.lib\n\tnot lib[input.k]\n}":    true,
		"x if {\n\tevery k in input.all {\n\t\tk == 1\n\t}\n}": true,
	} {
		modules := map[string]*ast.Module{"lib.rego": lib.Copy(), "p.rego": ast.MustParseModule("package p\n\n" + rules + "\n")}
		p, err := Compile(t.Context(), modules, []string{"p/x"}, Options{})
		if (err == nil) != planned || !planned && !errors.Is(err, ErrUnplanned) || planned && p == nil {
			t.Errorf("%s: %v, want a plan: %t", rules, err, planned)
		}
	}
}
