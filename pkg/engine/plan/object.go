package plan

import "github.com/open-policy-agent/opa/v1/ast"

// OPA's Insert over a key that an object has loses members whose keys have the same hash, which is
// nothing rare: ["a", "b"] and ["b", "a"] have, 1 and 1.5, true and 1, null and []. So nothing is
// inserted over a key here. An object whose members are filled in place has a hash of what they were,
// until it is made anew.

// insert puts a member into the object of a local.
func (f *frame) insert(object int16, key, value *ast.Term) {
	if f.l[object] == emptyObject {
		f.l[object] = ast.ObjectTerm([2]*ast.Term{key, value})
		return
	}
	v, ok := f.l[object].Value.(ast.Object)
	if !ok {
		return
	}
	switch v.Get(key) {
	case nil:
		v.Insert(key, value)
	case value:
		f.stale = true
	default:
		out := ast.NewObject([2]*ast.Term{key, value})
		v.Foreach(func(k, t *ast.Term) {
			if out.Get(k) == nil {
				out.Insert(k, t)
			}
		})
		f.l[object] = ast.NewTerm(out)
	}
}

// refreshed is an object made anew, and those in it.
func refreshed(t *ast.Term) *ast.Term {
	if t == nil {
		return nil
	}
	v, ok := t.Value.(ast.Object)
	if !ok {
		return t
	}
	pairs := make([][2]*ast.Term, 0, v.Len())
	v.Foreach(func(k, t *ast.Term) { pairs = append(pairs, [2]*ast.Term{k, refreshed(t)}) })
	return ast.NewTerm(ast.NewObject(pairs...))
}

// clashes reports whether an object has another value under a key.
func (f *frame) clashes(object int16, key, value *ast.Term) bool {
	o, ok := f.l[object].Value.(ast.Object)
	if !ok {
		return false
	}
	old := o.Get(key)
	return old != nil && !same(old, value)
}

// merge puts what rules made beside base documents; what both have is the base's, as it is
// for package topdown.
func merge(a, b *ast.Term) *ast.Term {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	under, isObject := a.Value.(ast.Object)
	over, both := b.Value.(ast.Object)
	if !isObject || !both {
		return a
	}
	out := ast.NewObject()
	under.Foreach(func(k, v *ast.Term) {
		if over.Get(k) == nil {
			out.Insert(k, v)
		}
	})
	over.Foreach(func(k, v *ast.Term) { out.Insert(k, merge(under.Get(k), v)) })
	return ast.NewTerm(out)
}
