package taint

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// reference is one into a rule's value, which is not known before it was evaluated.
type reference struct {
	ref ast.Ref
	// enumerates: it goes through all there is and asks for nothing.
	enumerates bool
	at         string
}

// meets reports whether the reference looks into the value of one of the rules.
func (r reference) meets(rules []ast.Ref) bool {
	ground := r.ref.GroundPrefix()
	for _, rule := range rules {
		if len(r.ref) > len(rule) && ground.HasPrefix(rule) || len(ground) < len(rule) && rule.HasPrefix(ground) && len(ground) < len(r.ref) {
			return true
		}
	}
	return false
}

// references judges the lookups in a term. Other is what the term is compared with, nil
// where it is not compared.
func (t *Tracer) references(e *topdown.Event, x *ast.Expr, term, other *ast.Term, replaced bool) {
	ast.WalkTerms(term, func(part *ast.Term) bool {
		if ast.IsComprehension(part.Value) {
			return true
		}
		ref, ok := part.Value.(ast.Ref)
		if !ok || len(ref) < 2 {
			return false
		}
		if part != term {
			// Compared is the whole, not this part.
			if !ref.IsGround() {
				t.doubted()
			}
			t.reference(e, x, ref, nil, replaced)
		} else {
			t.reference(e, x, ref, other, replaced)
		}
		return false
	})
}

func (t *Tracer) reference(e *topdown.Event, x *ast.Expr, ref ast.Ref, other *ast.Term, replaced bool) {
	plugged := make(ast.Ref, len(ref))
	for i, part := range ref {
		plugged[i] = part
		if i > 0 || !isRoot(part) {
			plugged[i] = e.Plug(part)
		}
		if i > 0 && holds(plugged[i].Value) {
			t.touched = true
			t.looked()
			return
		}
	}
	s := search{tracer: t, x: x, path: plugged[1:]}
	last := plugged[len(plugged)-1]
	if other != nil && !last.IsGround() {
		want := e.Plug(other)
		switch _, isRef := want.Value.(ast.Ref); {
		case isRef || ast.IsComprehension(want.Value):
			// A set is asked for what this turns out to be.
			t.doubted()
		case want.IsGround():
			s.want = want.Value
		}
	}
	switch {
	case ref[0].Equal(ast.DefaultRootDocument):
		if s.want != nil && holds(s.want) {
			t.touched = true
			t.looked()
		}
		t.asked = append(t.asked, reference{ref: plugged, enumerates: s.want == nil && !last.IsGround(), at: place(t.at)})
	case ref[0].Equal(ast.InputRootDocument):
		if replaced {
			// It is looked up in another document.
			t.doubted()
		}
		if input := e.Input(); input != nil {
			s.in(input.Value, s.path)
		}
	default:
		if evaluated(plugged[0].Value) {
			s.in(plugged[0].Value, s.path)
		}
	}
}

func isRoot(t *ast.Term) bool {
	return t.Equal(ast.DefaultRootDocument) || t.Equal(ast.InputRootDocument)
}

// search goes down a value along a reference, as the evaluation will.
type search struct {
	tracer *Tracer
	x      *ast.Expr
	path   ast.Ref
	// want is what is looked for at the end, nil where everything is taken.
	want ast.Value
}

func (s search) in(v ast.Value, path ast.Ref) {
	if len(path) == 0 || s.tracer.look != "" {
		return
	}
	key := path[0]
	switch v := v.(type) {
	case *ast.Array:
		if key.IsGround() {
			s.into(v.Get(key), path)
			return
		}
		v.Foreach(func(item *ast.Term) { s.into(item, path) })
	case ast.Object:
		if keysHold(v) {
			s.tracer.touched = true
			s.tracer.looked()
			return
		}
		if key.IsGround() {
			s.into(v.Get(key), path)
			return
		}
		v.Foreach(func(_, item *ast.Term) { s.into(item, path) })
	case ast.Set:
		s.set(v, path)
	}
}

func (s search) into(item *ast.Term, path ast.Ref) {
	if item != nil {
		s.in(item.Value, path[1:])
	}
}

// set judges a lookup in a set, which finds an element by its value.
func (s search) set(v ast.Set, path ast.Ref) {
	t := s.tracer
	wanted := s.want
	if path[0].IsGround() {
		wanted = path[0].Value
	} else if len(path) > 1 {
		wanted = nil
	}
	if wanted != nil {
		found, known := among(wanted, v.Slice())
		if holds(wanted) || holds(v) {
			t.touched = true
		}
		if !known {
			t.looked()
		} else if found && path[0].IsGround() {
			s.into(ast.NewTerm(wanted), path)
		}
		return
	}
	if holds(v) {
		t.touched = true
		if v.Len() > 1 && t.unordered == "" {
			t.unordered = place(t.at)
		}
		if twice(s.x, path[0]) {
			t.looked()
			return
		}
	}
	v.Foreach(func(item *ast.Term) { s.into(item, path) })
}

// twice reports whether a variable of a key is elsewhere in the expression too, where it
// would be looked up with what is found here.
func twice(x *ast.Expr, key *ast.Term) bool {
	count := map[ast.Var]int{}
	ast.WalkVars(x, func(v ast.Var) bool {
		count[v]++
		return false
	})
	repeated := false
	ast.WalkVars(key, func(v ast.Var) bool {
		repeated = repeated || count[v] > 1
		return false
	})
	return repeated
}
