package main

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// mutant is one broken rule.
type mutant struct {
	// where is <file>:<line>, what the break in words.
	where, what string
	source      []byte
}

// mutants gives every way to break a module by one step.
func mutants(name string, source []byte) ([]mutant, error) {
	var out []mutant
	for i := 0; ; i++ {
		// Parsed anew for each, so that no break is built on another.
		module, err := ast.ParseModuleWithOpts(name, string(source), ast.ParserOptions{ProcessAnnotation: true})
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		all := breaks(module)
		if i == len(all) {
			return out, nil
		}
		line := all[i].line
		what := all[i].do()
		broken, err := format.Ast(module)
		if err != nil {
			return nil, fmt.Errorf("format %s with %q at line %d: %w", name, what, line, err)
		}
		out = append(out, mutant{where: fmt.Sprintf("%s:%d", name, line), what: what, source: broken})
	}
}

// step is one break that can be done to a module; do says what it did.
type step struct {
	line int
	do   func() string
}

func breaks(module *ast.Module) []step {
	var steps []step
	for i, rule := range module.Rules {
		if rule.Default {
			continue
		}
		// With its else: a chain without its head is another rule.
		steps = append(steps, step{rule.Location.Row, func() string {
			module.Rules = append(module.Rules[:i:i], module.Rules[i+1:]...)
			return "without " + shorten(rule.Head.String())
		}})
	}
	ast.WalkExprs(module, func(e *ast.Expr) bool {
		if e.Location == nil || e.Location.Row == 0 || declares(e) || constant(e) {
			return false
		}
		text := shorten(string(e.Location.Text))
		steps = append(steps,
			step{e.Location.Row, func() string {
				e.Terms, e.Negated, e.With = ast.BooleanTerm(true), false, nil
				return "without " + text
			}},
			step{e.Location.Row, func() string {
				e.Negated = !e.Negated
				return "turned round: " + text
			}})
		return false
	})
	return steps
}

// declares holds for what gives others their variables: without it nothing compiles.
func declares(e *ast.Expr) bool {
	_, some := e.Terms.(*ast.SomeDecl)
	return some || e.IsAssignment()
}

// constant holds for the body of a rule that has none.
func constant(e *ast.Expr) bool {
	term, ok := e.Terms.(*ast.Term)
	return ok && term.Equal(ast.BooleanTerm(true))
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
