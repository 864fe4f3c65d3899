package growth

import "github.com/open-policy-agent/opa/v1/ast"

// replacements gives the weight of what "with" puts in the place of each function, anywhere:
// it holds in all that is called from there too. Nil if there is none.
func (a *analysis) replacements() map[string]weighed {
	var all map[string]weighed
	a.eachReplacement(func(function string, by *ast.Rule, _ *ast.Location) {
		if all == nil {
			all = map[string]weighed{}
		}
		all[function] = all[function].or(a.rule(by))
	})
	return all
}

// endless refuses every function that stands in the place of one that it calls itself, and
// becomes heavier with each look.
func (a *analysis) endless() []Finding {
	again := a.replacements()
	a.eachReplacement(func(function string, _ *ast.Rule, at *ast.Location) {
		if again[function] != a.replacing[function] {
			a.report(at)
		}
	})
	return a.found
}

func (a *analysis) eachReplacement(visit func(function string, by *ast.Rule, at *ast.Location)) {
	for _, module := range a.compiler.Modules {
		ast.WalkWiths(module, func(w *ast.With) bool {
			by, ok := w.Value.Value.(ast.Ref)
			if !ok {
				return false
			}
			for _, r := range a.compiler.GetRulesExact(by) {
				if len(r.Head.Args) > 0 {
					visit(w.Target.String(), r, w.Location)
				}
			}
			return false
		})
	}
}
