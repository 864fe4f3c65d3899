package growth

import (
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scope has the weights of the variables of one body. The compiler has ordered it so that
// what binds a variable stands before what uses it.
type scope struct {
	*analysis
	of map[ast.Var]weight
}

func (s scope) body(b ast.Body) {
	for _, e := range b {
		s.expr(e)
	}
}

func (s scope) expr(e *ast.Expr) {
	for _, w := range e.With {
		s.checked(w.Value, e.Location)
	}
	switch terms := e.Terms.(type) {
	case *ast.Term:
		s.checked(terms, e.Location)
	case *ast.Every:
		s.checked(terms.Domain, e.Location)
		scope{s.analysis, maps.Clone(s.of)}.body(terms.Body)
	case []*ast.Term:
		if e.IsEquality() && len(terms) == 3 {
			left, right := s.checked(terms[1], e.Location), s.checked(terms[2], e.Location)
			s.bind(terms[1], right)
			s.bind(terms[2], left)
			return
		}
		s.call(e, terms)
	}
}

// call binds what a function makes of its arguments. What a built-in one makes is written out
// already, within the bounds of the engine.
func (s scope) call(e *ast.Expr, terms []*ast.Term) {
	weights := make([]weight, len(terms))
	for i, t := range terms[1:] {
		weights[i+1] = s.checked(t, e.Location)
	}
	operator, ok := terms[0].Value.(ast.Ref)
	if !ok || len(terms) < 2 {
		return
	}
	last := len(terms) - 1
	var heaviest weight
	for _, w := range weights[1:last] {
		heaviest = heaviest.or(w)
	}
	for _, r := range s.compiler.GetRulesExact(operator) {
		if last == len(r.Head.Args)+1 {
			s.bind(terms[last], s.rule(r).given(heaviest))
		}
	}
	if w, replaced := s.replacing[operator.String()]; replaced {
		s.bind(terms[last], w.given(heaviest))
	}
}

// bind gives a weight to the variables of a pattern.
func (s scope) bind(pattern *ast.Term, w weight) {
	ast.WalkVars(pattern, func(v ast.Var) bool {
		s.of[v] = s.of[v].or(w)
		return false
	})
}

// checked gives the weight of a term and reports one that is too heavy.
func (s scope) checked(t *ast.Term, at *ast.Location) weight {
	w := s.weigh(t)
	if w.base+w.slope > Most {
		s.report(at)
		return one // once is enough
	}
	return w
}

func (s scope) weigh(t *ast.Term) weight {
	switch v := t.Value.(type) {
	case ast.Var:
		return s.variable(v)
	case ast.Ref:
		return s.ref(v)
	case *ast.Array:
		sum := one
		v.Foreach(func(e *ast.Term) { sum = sum.plus(s.weigh(e)) })
		return written(sum, t)
	case ast.Set:
		sum := one
		v.Foreach(func(e *ast.Term) { sum = sum.plus(s.weigh(e)) })
		return written(sum, t)
	case ast.Object:
		sum := one
		v.Foreach(func(key, value *ast.Term) { sum = sum.plus(s.weigh(key)).plus(s.weigh(value)) })
		return written(sum, t)
	case *ast.ArrayComprehension:
		s.inner(v.Body, v.Term)
	case *ast.SetComprehension:
		s.inner(v.Body, v.Term)
	case *ast.ObjectComprehension:
		s.inner(v.Body, v.Key, v.Value)
	}
	return one
}

func (s scope) variable(v ast.Var) weight {
	if w, known := s.of[v]; known {
		return w
	}
	return one
}

// ref is a part of a variable, which weighs no more than all of it, or what a rule says.
func (s scope) ref(r ast.Ref) weight {
	head, ok := r[0].Value.(ast.Var)
	if !ok {
		return one
	}
	if !r[0].Equal(ast.DefaultRootDocument) {
		return s.variable(head)
	}
	w := one
	for _, rule := range s.compiler.GetRules(r) {
		if len(rule.Head.Args) == 0 {
			w = w.or(s.rule(rule))
		}
	}
	return w
}

// written is the weight of a composite: one without variables is no copy of anything.
func written(sum weight, t *ast.Term) weight {
	if t.IsGround() {
		return one
	}
	return sum
}

// inner looks into a comprehension, the members of which are written out one by one.
func (s scope) inner(b ast.Body, members ...*ast.Term) {
	in := scope{s.analysis, maps.Clone(s.of)}
	in.body(b)
	for _, m := range members {
		in.checked(m, m.Location)
	}
}
