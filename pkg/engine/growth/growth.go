// Package growth finds values that no evaluator should be asked to write out: a list that
// holds a list twice, which holds another twice, and so on. OPA's evaluator keeps them shared
// until it needs one, and then copies every place in one step that nothing can end.
package growth

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Most is how often a value may be written out in another one, all ways to it counted.
const Most = 1 << 18

// Finding is a place at which a value grows beyond Most.
type Finding struct {
	File string
	// Line counts from 1.
	Line int
	Text string
}

// Check looks at every rule of a compiler that has compiled. It is on the safe side: what a
// function makes of its arguments counts as if it held each of them wherever it holds one.
func Check(c *ast.Compiler) []Finding {
	a := &analysis{compiler: c, weights: map[*ast.Rule]float64{}}
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		for _, rule := range c.Modules[name].Rules {
			a.rule(rule)
		}
	}
	slices.SortStableFunc(a.found, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
	})
	return slices.Compact(a.found)
}

// analysis remembers the weights of rules: how often one writes out what it is given.
type analysis struct {
	compiler *ast.Compiler
	weights  map[*ast.Rule]float64
	found    []Finding
}

// rule gives the weight of a rule's value with arguments that weigh 1. Rules do not call
// themselves: the compiler refuses that.
func (a *analysis) rule(r *ast.Rule) float64 {
	if weight, known := a.weights[r]; known {
		return weight
	}
	a.weights[r] = 1
	s := scope{a, map[ast.Var]float64{}}
	s.body(r.Body)
	weight := 1.0
	for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
		if t != nil {
			weight = max(weight, s.checked(t, r.Location))
		}
	}
	if r.Else != nil {
		weight = max(weight, a.rule(r.Else))
	}
	a.weights[r] = weight
	return weight
}

func (a *analysis) report(at *ast.Location) {
	f := Finding{Text: fmt.Sprintf("this holds other values more than %d times over, which OPA's evaluator would all write out", Most)}
	if at != nil {
		f.File, f.Line = at.File, at.Row
	}
	a.found = append(a.found, f)
}
