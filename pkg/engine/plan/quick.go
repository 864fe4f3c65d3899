package plan

import (
	"cmp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// quick are built-in functions that need no detour where their operands have the types that
// they mostly have: most calls of a policy ask for a type, a member or an order, and the
// detour costs several times what they do. Each gives nil for what it does not cover, which
// goes the long way; that knows every case, and every error.
var (
	quickOne = map[string]func(a *ast.Term) *ast.Term{
		ast.IsArray.Name:         typed[*ast.Array],
		ast.IsObject.Name:        typed[ast.Object],
		ast.IsSet.Name:           typed[ast.Set],
		ast.IsString.Name:        typed[ast.String],
		ast.IsNumber.Name:        typed[ast.Number],
		ast.IsBoolean.Name:       typed[ast.Boolean],
		ast.IsNull.Name:          typed[ast.Null],
		ast.TypeNameBuiltin.Name: typeName,
		ast.Count.Name:           count,
		ast.Sort.Name:            sortNone,
	}
	quickTwo = map[string]func(a, b *ast.Term) *ast.Term{
		ast.Equal.Name:         func(a, b *ast.Term) *ast.Term { return ast.InternedTerm(same(a, b)) },
		ast.NotEqual.Name:      func(a, b *ast.Term) *ast.Term { return ast.InternedTerm(!same(a, b)) },
		ast.GreaterThan.Name:   ordered(func(c int) bool { return c > 0 }),
		ast.GreaterThanEq.Name: ordered(func(c int) bool { return c >= 0 }),
		ast.LessThan.Name:      ordered(func(c int) bool { return c < 0 }),
		ast.LessThanEq.Name:    ordered(func(c int) bool { return c <= 0 }),
		ast.Member.Name:        func(a, b *ast.Term) *ast.Term { return ast.InternedTerm(contains(b.Value, a)) },
		ast.StartsWith.Name:    texts(strings.HasPrefix),
		ast.EndsWith.Name:      texts(strings.HasSuffix),
		ast.Contains.Name:      texts(strings.Contains),
		ast.Sprintf.Name:       printed,
	}
	quickThree = map[string]func(a, b, c *ast.Term) *ast.Term{
		ast.ObjectGet.Name:  objectGet,
		ast.ArraySlice.Name: wholeSlice,
	}
)

func typed[T ast.Value](a *ast.Term) *ast.Term {
	_, ok := a.Value.(T)
	return ast.InternedTerm(ok)
}

func typeName(a *ast.Term) *ast.Term {
	switch a.Value.(type) {
	case ast.Null:
		return ast.InternedTerm("null")
	case ast.String:
		return ast.InternedTerm("string")
	case *ast.Array:
		return ast.InternedTerm("array")
	case ast.Object:
		return ast.InternedTerm("object")
	}
	return nil
}

func count(a *ast.Term) *ast.Term {
	if n, ok := size(a); ok {
		return ast.InternedTerm(n)
	}
	return nil
}

// sortNone sorts what is empty, as most sets of denials are.
func sortNone(a *ast.Term) *ast.Term {
	switch v := a.Value.(type) {
	case *ast.Array:
		if v.Len() > 0 {
			return nil
		}
	case ast.Set:
		if v.Len() > 0 {
			return nil
		}
	default:
		return nil
	}
	return ast.InternedEmptyArray
}

func ordered(holds func(int) bool) func(a, b *ast.Term) *ast.Term {
	return func(a, b *ast.Term) *ast.Term { return ast.InternedTerm(holds(a.Value.Compare(b.Value))) }
}

func texts(holds func(a, b string) bool) func(a, b *ast.Term) *ast.Term {
	return func(a, b *ast.Term) *ast.Term {
		x, isText := a.Value.(ast.String)
		y, both := b.Value.(ast.String)
		if !isText || !both {
			return nil
		}
		return ast.InternedTerm(holds(string(x), string(y)))
	}
}

// objectGet goes down a path, or to one key.
func objectGet(a, path, otherwise *ast.Term) *ast.Term {
	if _, ok := a.Value.(ast.Object); !ok {
		return nil
	}
	keys, ok := path.Value.(*ast.Array)
	if !ok {
		return cmp.Or(member(a.Value, path), otherwise)
	}
	for i := range keys.Len() {
		if a = a.Get(keys.Elem(i)); a == nil {
			return otherwise
		}
	}
	return a
}

// wholeSlice is the slice that leaves nothing out.
func wholeSlice(a, from, to *ast.Term) *ast.Term {
	list, ok := a.Value.(*ast.Array)
	if !ok {
		return nil
	}
	first, isNumber := from.Value.(ast.Number)
	last, both := to.Value.(ast.Number)
	if !isNumber || !both {
		return nil
	}
	if n, ok := first.Int(); !ok || n > 0 {
		return nil
	}
	if n, ok := last.Int(); !ok || n < list.Len() {
		return nil
	}
	return a
}

// contains reports whether a value is a member of a composite one.
func contains(in ast.Value, x *ast.Term) bool {
	switch in := in.(type) {
	case ast.Set:
		return in.Contains(x)
	case *ast.Array:
		return in.Until(func(t *ast.Term) bool { return same(t, x) })
	case ast.Object:
		return in.Until(func(_, t *ast.Term) bool { return same(t, x) })
	}
	return false
}
