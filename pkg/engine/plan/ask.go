package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// asking writes the statements that look at values and change none; false for others.
func (l *linker) asking(s ir.Stmt) bool {
	of := func(o ir.Operand) int16 { return l.read(l.operand(o)) }
	switch s := s.(type) {
	case *ir.DotStmt:
		l.ask(instruction{op: opDot, a: of(s.Source), b: of(s.Key), c: l.at(s.Target)})
	case *ir.LenStmt:
		l.ask(instruction{op: opLength, a: of(s.Source), c: l.at(s.Target)})
	case *ir.EqualStmt:
		l.ask(instruction{op: opEqual, a: of(s.A), b: of(s.B)})
	case *ir.NotEqualStmt:
		if no, constant := s.B.Value.(*ir.Bool); constant && !bool(*no) {
			l.ask(instruction{op: opTruthy, a: of(s.A)})
			break
		}
		l.ask(instruction{op: opNotEqual, a: of(s.A), b: of(s.B)})
	case *ir.IsArrayStmt:
		l.ask(instruction{op: opArray, a: of(s.Source)})
	case *ir.IsObjectStmt:
		l.ask(instruction{op: opObject, a: of(s.Source)})
	case *ir.IsSetStmt:
		l.ask(instruction{op: opSet, a: of(s.Source)})
	case *ir.IsDefinedStmt:
		l.ask(instruction{op: opDefined, a: l.at(s.Source)})
	case *ir.IsUndefinedStmt:
		l.ask(instruction{op: opUndefined, a: l.at(s.Source)})
	default:
		return false
	}
	return true
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
	if a == nil || b == nil {
		return false
	}
	// Most comparisons are with a string.
	if x, ok := a.Value.(ast.String); ok {
		y, both := b.Value.(ast.String)
		return both && x == y
	}
	return ast.ValueEqual(a.Value, b.Value)
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
