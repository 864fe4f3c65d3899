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

// rounds is how often the weights of what stands in another function's place may change.
const rounds = 8

// Check looks at every rule of a compiler that has compiled. It is on the safe side: the
// heaviest of what a variable may be, and of what a function may be given, counts, a function
// that "with" replaces anywhere is as heavy as what may stand in its place, and what is read
// below a "with" is as heavy as what stands in the place of input or data.
func Check(c *ast.Compiler) []Finding {
	a := analyzed(c, nil)
	for range rounds {
		replacing := a.replacements()
		if maps.Equal(replacing, a.replacing) {
			return a.found
		}
		a = analyzed(c, replacing)
	}
	return a.endless()
}

// analyzed looks at every rule, when functions have others in their places.
func analyzed(c *ast.Compiler, replacing map[string]weighed) *analysis {
	a := &analysis{compiler: c, rules: map[*ast.Rule]weighed{}, replacing: replacing}
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		for _, rule := range c.Modules[name].Rules {
			a.rule(rule)
		}
	}
	slices.SortStableFunc(a.found, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
	})
	a.found = slices.Compact(a.found)
	return a
}

// analysis remembers what rules weigh. Replacing is what may stand in the place of a function,
// by the function's name.
type analysis struct {
	compiler  *ast.Compiler
	rules     map[*ast.Rule]weighed
	replacing map[string]weighed
	found     []Finding
}

// rule weighs a rule. Rules do not call themselves: the compiler refuses that.
func (a *analysis) rule(r *ast.Rule) weighed {
	if w, known := a.rules[r]; known {
		return w
	}
	a.rules[r] = weighed{one, one}
	s := scope{analysis: a, of: map[ast.Var]weight{}, under: one, peak: &weight{}}
	for _, argument := range r.Head.Args {
		s.bind(argument, weight{slope: 1})
	}
	s.body(r.Body)
	var w weighed
	for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
		if t != nil {
			w.value = w.value.or(s.checked(t, r.Location))
		}
	}
	w.peak = *s.peak
	if r.Else != nil {
		w = w.or(a.rule(r.Else))
	}
	a.rules[r] = w
	return w
}

func (a *analysis) report(at *ast.Location) {
	f := Finding{Text: fmt.Sprintf("this holds other values more than %d times over, which OPA's evaluator would all write out: hold each of them once", Most)}
	if at != nil {
		f.File, f.Line = at.File, at.Row
	}
	a.found = append(a.found, f)
}
