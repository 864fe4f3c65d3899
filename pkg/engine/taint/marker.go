package taint

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A text that begins with Prefix is a marker, whatever else it is: who writes markers
// takes care that nothing else begins with it. It stands for a text that is not empty.
// One that begins with Opaque stands for anything: not even its type is known.
const (
	Prefix = "redacted:"
	Opaque = Prefix + "other:"
)

// IsMarker reports whether a text is a marker.
func IsMarker(s string) bool { return strings.HasPrefix(s, Prefix) }

func isMarker(v ast.Value) bool {
	s, ok := v.(ast.String)
	return ok && IsMarker(string(s))
}

func isOpaque(v ast.Value) bool {
	s, ok := v.(ast.String)
	return ok && strings.HasPrefix(string(s), Opaque)
}

// anyInside reports whether a test holds for a value or for something inside it; keyed says of
// each whether it stands in a set or as an object's key, where it decides what is found.
func anyInside(v ast.Value, keyed bool, test func(v ast.Value, keyed bool) bool) bool {
	if test(v, keyed) {
		return true
	}
	switch v := v.(type) {
	case *ast.Array:
		return v.Until(func(t *ast.Term) bool { return anyInside(t.Value, keyed, test) })
	case ast.Set:
		return v.Until(func(t *ast.Term) bool { return anyInside(t.Value, true, test) })
	case ast.Object:
		return v.Until(func(k, t *ast.Term) bool { return anyInside(k.Value, true, test) || anyInside(t.Value, keyed, test) })
	}
	return false
}

// Holds reports whether there is a marker anywhere in a value.
func Holds(v ast.Value) bool { return holds(v) }

func holds(v ast.Value) bool {
	return anyInside(v, false, func(v ast.Value, _ bool) bool { return isMarker(v) })
}

// loose reports whether there is a marker inside a set or an object's key.
func loose(v ast.Value) bool {
	return anyInside(v, false, func(v ast.Value, keyed bool) bool { return keyed && isMarker(v) })
}

// keysHold reports whether a key of an object itself is or holds a marker.
func keysHold(o ast.Object) bool {
	return o.Until(func(k, _ *ast.Term) bool { return holds(k.Value) })
}

// same compares two ground values; known is false where it depends on what a marker
// stands for.
func same(a, b ast.Value) (equal, known bool) {
	if a.Compare(b) == 0 {
		return true, true
	}
	if !holds(a) && !holds(b) {
		return false, true
	}
	switch x := a.(type) {
	case ast.String:
		y, ok := b.(ast.String)
		switch {
		case isOpaque(a) || isOpaque(b):
			return false, false
		case !ok || isMarker(x) && isMarker(y):
			return false, true
		}
		// No marker stands for the empty text.
		return false, x == "" || y == ""
	case *ast.Array:
		y, ok := b.(*ast.Array)
		if !ok || x.Len() != y.Len() {
			return false, !isOpaque(b)
		}
		return sameParts(x.Len(), func(i int) (ast.Value, ast.Value) { return x.Elem(i).Value, y.Elem(i).Value })
	case ast.Object:
		y, ok := b.(ast.Object)
		if !ok {
			return false, !isOpaque(b)
		}
		return sameObjects(x, y)
	case ast.Set:
		if _, ok := b.(ast.Set); ok {
			return false, false
		}
	}
	return false, !isOpaque(b)
}

func sameObjects(x, y ast.Object) (equal, known bool) {
	if keysHold(x) || keysHold(y) {
		return false, false
	}
	if x.Len() != y.Len() {
		return false, true
	}
	keys := x.Keys()
	for _, key := range keys {
		if y.Get(key) == nil {
			return false, true
		}
	}
	return sameParts(len(keys), func(i int) (ast.Value, ast.Value) { return x.Get(keys[i]).Value, y.Get(keys[i]).Value })
}

// sameParts compares part by part: one that surely differs settles it.
func sameParts(n int, parts func(i int) (ast.Value, ast.Value)) (equal, known bool) {
	equal, known = true, true
	for i := range n {
		e, k := same(parts(i))
		if k && !e {
			return false, true
		}
		equal, known = equal && e, known && k
	}
	return equal, known
}

// among looks for a value among others.
func among(v ast.Value, others []*ast.Term) (found, known bool) {
	known = true
	for _, t := range others {
		e, k := same(v, t.Value)
		if k && e {
			return true, true
		}
		known = known && k
	}
	return false, known
}
