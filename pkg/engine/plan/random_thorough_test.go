package plan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A plan evaluates more than topdown in three places, and fails where the rest of it does: of a rule that
// is asked for a part it evaluates all, in every it goes on when a member did not hold, and it collects
// a comprehension that is compared with a value of another type.

// ruleAndMore is a rule of which a part is asked for.
var ruleAndMore = regexp.MustCompile(`(?:data\.\w+\.)?\br\d+[.\[]`)

// thorough is topdown over modules that are written so that it evaluates as much.
func (x trial) thorough() (*original, error) {
	for r, w := range x.rules {
		definitions := slices.Clone(w.definitions)
		for i, text := range definitions {
			if rest, isHead := strings.CutPrefix(text, w.name); isHead {
				definitions[i] = w.name + ruleAndMore.ReplaceAllStringFunc(rest, func(ref string) string {
					name := len(ref) - 1
					return "[" + ref[:name] + "][0]" + ref[name:]
				})
			}
		}
		x = x.with(r, definitions)
	}
	modules, err := x.modules()
	if err != nil {
		return nil, err
	}
	for _, module := range modules {
		ast.WalkExprs(module, func(e *ast.Expr) bool {
			if every, ok := e.Terms.(*ast.Every); ok {
				every.Domain = allOf(every)
			}
			return false
		})
		ast.WalkTerms(module, collected(map[ast.Value]bool{}))
	}
	// In a comprehension the compiler knows more of types than in every.
	return x.original(modules, ast.StageCheckTypes)
}

// allOf is the domain of an every, for which all of its members are asked first.
func allOf(every *ast.Every) *ast.Term {
	in := ast.Member.Call(every.Value.Copy(), every.Domain.Copy())
	if every.Key != nil {
		in = ast.MemberWithKey.Call(every.Key.Copy(), every.Value.Copy(), every.Domain.Copy())
	}
	body := append(ast.NewBody(ast.NewExpr(&ast.SomeDecl{Symbols: []*ast.Term{in}})), every.Body.Copy()...)
	all := ast.ArrayComprehensionTerm(ast.BooleanTerm(true), body)
	return ast.RefTerm(ast.ArrayTerm(every.Domain, all), ast.NumberTerm("0"))
}

// collected makes a comprehension the member of a list, which topdown then collects whatever it is for.
func collected(done map[ast.Value]bool) func(*ast.Term) bool {
	return func(t *ast.Term) bool {
		switch t.Value.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
			if !done[t.Value] {
				done[t.Value] = true
				t.Value = ast.Ref{ast.ArrayTerm(ast.NewTerm(t.Value)), ast.NumberTerm("0")}
			}
		}
		return false
	}
}
