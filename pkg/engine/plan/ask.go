package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// when goes on where a condition holds.
func when(holds func(f *frame) bool) step {
	return func(f *frame) signal {
		if holds(f) {
			return sigNext
		}
		return sigUndefined
	}
}

// asking are the statements that look at values and change none, nil for others.
func (l *linker) asking(s ir.Stmt) step {
	switch s := s.(type) {
	case *ir.DotStmt:
		return l.dot(s)
	case *ir.LenStmt:
		source, target := l.operand(s.Source), l.local(s.Target)
		return func(f *frame) signal {
			n, ok := size(source.read(f))
			if !ok {
				return sigUndefined
			}
			f.l[target] = ast.InternedTerm(n)
			return sigNext
		}
	case *ir.EqualStmt:
		return l.equal(s)
	case *ir.NotEqualStmt:
		a, b := l.operand(s.A), l.operand(s.B)
		return when(func(f *frame) bool { return !same(a.read(f), b.read(f)) })
	case *ir.IsArrayStmt:
		source := l.operand(s.Source)
		return when(func(f *frame) bool { return is[*ast.Array](source.read(f)) })
	case *ir.IsObjectStmt:
		source := l.operand(s.Source)
		return when(func(f *frame) bool { return is[ast.Object](source.read(f)) })
	case *ir.IsSetStmt:
		source := l.operand(s.Source)
		return when(func(f *frame) bool { return is[ast.Set](source.read(f)) })
	case *ir.IsDefinedStmt:
		source := l.local(s.Source)
		return when(func(f *frame) bool { return f.l[source] != nil })
	case *ir.IsUndefinedStmt:
		source := l.local(s.Source)
		return when(func(f *frame) bool { return f.l[source] == nil })
	}
	return nil
}

func is[T ast.Value](t *ast.Term) bool {
	if t == nil {
		return false
	}
	_, ok := t.Value.(T)
	return ok
}

// same compares; what is undefined equals nothing else.
func same(a, b *ast.Term) bool {
	if a == b {
		return true
	}
	return a != nil && b != nil && ast.ValueEqual(a.Value, b.Value)
}

// equal has a short way for strings and booleans, which most comparisons are with.
func (l *linker) equal(s *ir.EqualStmt) step {
	a, b := l.operand(s.A), l.operand(s.B)
	if a.constant != nil {
		a, b = b, a
	}
	if b.constant == nil {
		return when(func(f *frame) bool { return same(a.read(f), b.read(f)) })
	}
	switch want := b.constant.Value.(type) {
	case ast.String:
		return when(func(f *frame) bool {
			t := a.read(f)
			if t == nil {
				return false
			}
			v, ok := t.Value.(ast.String)
			return ok && v == want
		})
	case ast.Boolean:
		return when(func(f *frame) bool {
			t := a.read(f)
			if t == nil {
				return false
			}
			v, ok := t.Value.(ast.Boolean)
			return ok && v == want
		})
	}
	return when(func(f *frame) bool { return same(a.read(f), b.constant) })
}

// size is what counts: members, or characters.
func size(t *ast.Term) (int, bool) {
	if t == nil {
		return 0, false
	}
	switch v := t.Value.(type) {
	case *ast.Array:
		return v.Len(), true
	case ast.Object:
		return v.Len(), true
	case ast.Set:
		return v.Len(), true
	case ast.String:
		return len([]rune(string(v))), true
	}
	return 0, false
}

func (l *linker) dot(s *ir.DotStmt) step {
	source, key, target := l.operand(s.Source), l.operand(s.Key), l.local(s.Target)
	if source.constant != nil {
		return func(*frame) signal { return sigUndefined }
	}
	if key.constant != nil {
		from, name := source.local, key.constant
		return func(f *frame) signal {
			if t := f.l[from]; t != nil {
				if v := member(t.Value, name); v != nil {
					f.l[target] = v
					return sigNext
				}
			}
			return sigUndefined
		}
	}
	return func(f *frame) signal {
		from, k := source.read(f), key.read(f)
		if from != nil && k != nil {
			if v := member(from.Value, k); v != nil {
				f.l[target] = v
				return sigNext
			}
		}
		return sigUndefined
	}
}

// member is what a composite value has under a key, nil where it has nothing.
func member(v ast.Value, key *ast.Term) *ast.Term {
	switch v := v.(type) {
	case ast.Object:
		return v.Get(key)
	case *ast.Array:
		return v.Get(key)
	case ast.Set:
		if v.Contains(key) {
			return key
		}
	}
	return nil
}
