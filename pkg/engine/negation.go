package engine

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// checkNegations refuses `not f(input.x)` in a parsed module: OPA looks the argument up
// before it negates, so that where input.x is missing the whole line is undefined and a
// denial does not happen. What is negated must be a rule, a reference, an equality of
// those, or a call over values that are surely there.
func checkNegations(module *ast.Module, bad *CompileError) {
	total := totalRules(module)
	ast.WalkExprs(module, func(e *ast.Expr) bool {
		call, ok := e.Terms.([]*ast.Term)
		if !e.Negated || !ok || len(call) == 0 {
			return false
		}
		direct := call[0].Value.Compare(ast.Equal.Ref()) == 0 || call[0].Value.Compare(ast.Equality.Ref()) == 0
		for _, arg := range call[1:] {
			if _, isRef := arg.Value.(ast.Ref); isRef && direct {
				continue
			}
			if name := unsure(module, total, arg); name != "" {
				bad.add(e.Location.File, e.Location.Row,
					"not over a call with %s is undefined, and so silent, where that is missing: "+
						"negate a rule of its own, or take the value out first", name)
				break
			}
		}
		return false
	})
}

// unsure names something in a term that may be undefined, or nothing.
func unsure(module *ast.Module, total map[ast.Var]bool, term *ast.Term) string {
	found := ""
	ast.WalkTerms(term, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
			// Over what is missing these are empty, not undefined.
			return true
		case ast.Call:
			// The operator is a reference too, and always there.
			for _, arg := range v[1:] {
				if name := unsure(module, total, arg); name != "" {
					found = name
				}
			}
			return true
		case ast.Ref:
			found = v.String()
			return true
		case ast.Var:
			if sure, isRule := total[v]; isRule && !sure {
				found = string(v)
			}
		}
		return found != ""
	})
	return found
}

// totalRules tells for each rule of a module whether it always has a value.
func totalRules(module *ast.Module) map[ast.Var]bool {
	total := map[ast.Var]bool{}
	for _, rule := range module.Rules {
		name, ok := rule.Head.Ref()[0].Value.(ast.Var)
		if !ok {
			continue
		}
		partial := rule.Head.RuleKind() == ast.MultiValue || len(rule.Head.Ref()) > 1
		total[name] = total[name] || rule.Default || partial || constant(rule)
	}
	return total
}

// constant reports a rule, or its last else, that has a plain value under no condition.
func constant(rule *ast.Rule) bool {
	for rule.Else != nil {
		rule = rule.Else
	}
	always := len(rule.Body) == 1 && rule.Body[0].Equal(ast.NewExpr(ast.BooleanTerm(true)))
	plain := rule.Head.Value != nil && rule.Head.Value.IsGround()
	ast.WalkRefs(rule.Head.Value, func(ast.Ref) bool {
		plain = false
		return true
	})
	return always && plain
}
