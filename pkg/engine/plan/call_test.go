package plan

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// TestFunctionsAreNoRules: OPA's planner asks a function too, without its operands, where somebody goes
// through a package by the names of its rules.
func TestFunctionsAreNoRules(t *testing.T) {
	t.Parallel()
	policy, err := planned(t.Context(), map[string]*ast.Module{
		"lib.rego":  ast.MustParseModule("package lib\n\nf(x) := [x]\n\ng := 1\n"),
		"main.rego": ast.MustParseModule("package main\n\nx := {k: v | some k; v := data.lib[k]}\n"),
	}, []string{"main/x"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	short := linked(t, policy, Options{})
	short.Poison()
	for name, p := range map[string]*Plan{"short": short, "as planned": linked(t, policy, Options{asPlanned: true})} {
		if got := ask(t, p, "main/x", nil); got.String() != `{"g": 1}` {
			t.Errorf("%s: %v, want g alone", name, got)
		}
	}
}
