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
// heaviest of what a variable may be, and of what a function may be given, counts, and a
// function that "with" replaces anywhere is as heavy as what may stand in its place.
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
func analyzed(c *ast.Compiler, replacing map[string]weight) *analysis {
	a := &analysis{compiler: c, weights: map[*ast.Rule]weight{}, replacing: replacing}
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

// weight is how many places a value has when it is written out, of which slope are a
// function's argument, whatever that weighs itself.
type weight struct{ base, slope float64 }

// one is anything whole: what was read, computed or written out before.
var one = weight{base: 1}

func (w weight) plus(o weight) weight { return weight{w.base + o.base, w.slope + o.slope} }

func (w weight) or(o weight) weight { return weight{max(w.base, o.base), max(w.slope, o.slope)} }

// given is the weight of a function's value for what it is given.
func (w weight) given(argument weight) weight {
	return weight{w.base + w.slope*argument.base, w.slope * argument.slope}
}

// analysis remembers the weights of rules. Replacing is what may stand in the place of a
// function, by the function's name.
type analysis struct {
	compiler  *ast.Compiler
	weights   map[*ast.Rule]weight
	replacing map[string]weight
	found     []Finding
}

// rule gives the weight of a rule's value. Rules do not call themselves: the compiler refuses
// that.
func (a *analysis) rule(r *ast.Rule) weight {
	if w, known := a.weights[r]; known {
		return w
	}
	a.weights[r] = one
	s := scope{a, map[ast.Var]weight{}}
	for _, argument := range r.Head.Args {
		s.bind(argument, weight{slope: 1})
	}
	s.body(r.Body)
	var w weight
	for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
		if t != nil {
			w = w.or(s.checked(t, r.Location))
		}
	}
	if r.Else != nil {
		w = w.or(a.rule(r.Else))
	}
	a.weights[r] = w
	return w
}

func (a *analysis) report(at *ast.Location) {
	f := Finding{Text: fmt.Sprintf("this holds other values more than %d times over, which OPA's evaluator would all write out: hold each of them once", Most)}
	if at != nil {
		f.File, f.Line = at.File, at.Row
	}
	a.found = append(a.found, f)
}
