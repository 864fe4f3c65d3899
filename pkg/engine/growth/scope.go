package growth

import (
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scope has the weights of the variables of one body. The compiler has ordered it so that
// what binds a variable stands before what uses it.
type scope struct {
	*analysis
	of map[ast.Var]float64
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
	weights := make([]float64, len(terms))
	for i, t := range terms[1:] {
		weights[i+1] = s.checked(t, e.Location)
	}
	operator, ok := terms[0].Value.(ast.Ref)
	if !ok {
		return
	}
	for _, r := range s.compiler.GetRulesExact(operator) {
		if arguments := len(r.Head.Args); len(terms) == arguments+2 {
			given := 0.0
			for _, w := range weights[1 : arguments+1] {
				given += w
			}
			s.bind(terms[arguments+1], s.rule(r)*max(1, given))
		}
	}
}

// bind gives a weight to the variables of a pattern.
func (s scope) bind(pattern *ast.Term, weight float64) {
	ast.WalkVars(pattern, func(v ast.Var) bool {
		s.of[v] = max(s.of[v], weight)
		return false
	})
}

// checked gives the weight of a term and reports one that is too heavy.
func (s scope) checked(t *ast.Term, at *ast.Location) float64 {
	weight := s.weight(t)
	if weight > Most {
		s.report(at)
		return 1 // once is enough
	}
	return weight
}

func (s scope) weight(t *ast.Term) float64 {
	switch v := t.Value.(type) {
	case ast.Var:
		return max(1, s.of[v])
	case ast.Ref:
		if head, ok := v[0].Value.(ast.Var); ok && !v[0].Equal(ast.DefaultRootDocument) {
			return max(1, s.of[head])
		}
		weight := 1.0
		for _, r := range s.compiler.GetRules(v) {
			weight = max(weight, s.rule(r))
		}
		return weight
	case *ast.Array:
		sum := 1.0
		v.Foreach(func(e *ast.Term) { sum += s.weight(e) })
		return s.written(sum, t)
	case ast.Set:
		sum := 1.0
		v.Foreach(func(e *ast.Term) { sum += s.weight(e) })
		return s.written(sum, t)
	case ast.Object:
		sum := 1.0
		v.Foreach(func(key, value *ast.Term) { sum += s.weight(key) + s.weight(value) })
		return s.written(sum, t)
	case *ast.ArrayComprehension:
		s.inner(v.Body, v.Term)
	case *ast.SetComprehension:
		s.inner(v.Body, v.Term)
	case *ast.ObjectComprehension:
		s.inner(v.Body, v.Key, v.Value)
	}
	return 1
}

// written is the weight of a composite: one without variables is no copy of anything.
func (s scope) written(sum float64, t *ast.Term) float64 {
	if t.IsGround() {
		return 1
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
