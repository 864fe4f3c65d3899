package growth

import (
	"cmp"
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scope has the weights of the variables of one body. The compiler has ordered it so that
// what binds a variable stands before what uses it.
type scope struct {
	*analysis
	of map[ast.Var]weight
	// under is what the heaviest of what is read here of input and data weighs, or a function
	// answers whose answer "with" gives, and answer is that of such a function alone.
	under, answer weight
	// peak is the heaviest value of all, in what is called and read too.
	peak *weight
}

func (s scope) body(b ast.Body) {
	for _, e := range b {
		s.expr(e)
	}
}

func (s scope) expr(e *ast.Expr) {
	s = s.with(e)
	switch terms := e.Terms.(type) {
	case *ast.Term:
		s.checked(terms, e.Location)
	case *ast.Every:
		domain, in := s.checked(terms.Domain, e.Location), s.apart()
		for _, member := range []*ast.Term{terms.Key, terms.Value} {
			if member != nil {
				in.bind(member, domain)
			}
		}
		in.body(terms.Body)
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

// with is the scope of an expression in which other values stand in the place of input and
// data, or of what functions answer. A part that is replaced stands beside what is left.
func (s scope) with(e *ast.Expr) scope {
	outer := s
	for _, w := range e.With {
		value := outer.checked(w.Value, e.Location)
		switch {
		case s.isFunction(w.Value):
		case s.isFunction(w.Target):
			s.answer, s.under = s.answer.or(value), s.under.or(value)
		case outer.under == one && s.under == one && w.Target.Value.Compare(ast.InputRootRef) == 0:
			s.under = value
		case value != one || !w.Value.IsGround():
			s.under = s.under.plus(value)
		}
	}
	return s
}

func (s scope) isFunction(t *ast.Term) bool {
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		return false
	}
	arity := s.compiler.GetArity(ref)
	return arity > 0 || arity == 0 && len(s.compiler.GetRulesExact(ref)) == 0
}

// apart is the scope of what is bound in a part of an expression only.
func (s scope) apart() scope {
	s.of = maps.Clone(s.of)
	return s
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
	arguments := len(terms) - 1
	if arity := s.compiler.GetArity(operator); arity >= 0 && arity < arguments {
		arguments = arity
	}
	var heaviest weight
	for _, w := range weights[1 : arguments+1] {
		heaviest = heaviest.or(w)
	}
	made := s.replacing[operator.String()]
	for _, r := range s.compiler.GetRulesExact(operator) {
		made = made.or(s.rule(r))
	}
	made = made.given(heaviest, s.under)
	s.noted(made.peak, e.Location)
	for _, bound := range terms[arguments+1:] {
		s.bind(bound, cmp.Or(made.value.or(s.answer), one))
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
	return s.noted(s.weigh(t), at)
}

// noted remembers the heaviest and reports what is too heavy.
func (s scope) noted(w weight, at *ast.Location) weight {
	if w.all() > Most {
		s.report(at)
		return one // once is enough
	}
	*s.peak = s.peak.or(w)
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
	if !r[0].Equal(ast.DefaultRootDocument) && !r[0].Equal(ast.InputRootDocument) {
		return s.variable(head)
	}
	w := weighed{one, one}
	for _, rule := range s.compiler.GetRules(r) {
		if len(rule.Head.Args) == 0 {
			w = w.or(s.rule(rule))
		}
	}
	w = w.given(one, s.under)
	s.noted(w.peak, r[0].Location)
	return w.value
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
	in := s.apart()
	in.body(b)
	for _, m := range members {
		in.checked(m, m.Location)
	}
}
