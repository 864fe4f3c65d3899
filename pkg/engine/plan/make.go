package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// What is made stays one of these until something is put in: most sets of denials are empty.
// They are this package's own, so that nobody else's empty value is taken for one.
var (
	emptySet    = settled(ast.NewTerm(ast.NewSet()))
	emptyObject = settled(ast.NewTerm(ast.NewObject()))
)

// put sets a local.
func put(target int, t *ast.Term) step {
	return func(f *frame) signal {
		f.l[target] = t
		return sigNext
	}
}

// making are the statements that make and fill values, nil for others.
func (l *linker) making(s ir.Stmt) step {
	switch s := s.(type) {
	case *ir.MakeNullStmt:
		return put(l.local(s.Target), ast.InternedNullTerm)
	case *ir.MakeNumberIntStmt:
		return put(l.local(s.Target), ast.NumberTerm(number(s.Value)))
	case *ir.AssignIntStmt:
		return put(l.local(s.Target), ast.NumberTerm(number(s.Value)))
	case *ir.MakeNumberRefStmt:
		return put(l.local(s.Target), l.numberTerm(s.Index))
	case *ir.MakeArrayStmt:
		return put(l.local(s.Target), ast.InternedEmptyArray)
	case *ir.MakeObjectStmt:
		return put(l.local(s.Target), emptyObject)
	case *ir.MakeSetStmt:
		return put(l.local(s.Target), emptySet)
	case *ir.ResetLocalStmt:
		return put(l.local(s.Target), nil)
	case *ir.AssignVarStmt:
		source, target := l.operand(s.Source), l.local(s.Target)
		return func(f *frame) signal {
			f.l[target] = source.read(f)
			return sigNext
		}
	case *ir.AssignVarOnceStmt:
		return l.assignOnce(s)
	case *ir.ArrayAppendStmt:
		array, value := l.local(s.Array), l.operand(s.Value)
		return func(f *frame) signal {
			if v, ok := f.l[array].Value.(*ast.Array); ok {
				f.l[array] = ast.NewTerm(v.Append(value.read(f)))
			}
			return sigNext
		}
	case *ir.SetAddStmt:
		set, value := l.local(s.Set), l.operand(s.Value)
		return func(f *frame) signal {
			if f.l[set] == emptySet {
				f.l[set] = ast.NewTerm(ast.NewSet(value.read(f)))
				return sigNext
			}
			if v, ok := f.l[set].Value.(ast.Set); ok {
				v.Add(value.read(f))
			}
			return sigNext
		}
	case *ir.ObjectInsertStmt:
		object, key, value := l.local(s.Object), l.operand(s.Key), l.operand(s.Value)
		return func(f *frame) signal {
			f.insert(object, key.read(f), value.read(f))
			return sigNext
		}
	case *ir.ObjectInsertOnceStmt:
		return l.insertOnce(s)
	case *ir.ObjectMergeStmt:
		a, b, target := l.local(s.A), l.local(s.B), l.local(s.Target)
		return func(f *frame) signal {
			f.l[target] = merge(f.l[a], f.l[b])
			return sigNext
		}
	}
	return nil
}

func (f *frame) insert(object int, key, value *ast.Term) {
	if f.l[object] == emptyObject {
		f.l[object] = ast.ObjectTerm([2]*ast.Term{key, value})
		return
	}
	if v, ok := f.l[object].Value.(ast.Object); ok {
		v.Insert(key, value)
	}
}

func (l *linker) assignOnce(s *ir.AssignVarOnceStmt) step {
	source, target, where := l.operand(s.Source), l.local(s.Target), l.at(&s.Location)
	constant := l.fn.constant != nil && source.constant != nil
	message := "rule " + l.fn.path() + " produced conflicting values"
	if len(l.fn.params) > 2 {
		message = "function " + l.fn.path() + " produced conflicting values for the same inputs"
	}
	return func(f *frame) signal {
		t := source.read(f)
		if constant {
			f.m.returned = t
			return sigReturn
		}
		if old := f.l[target]; old != nil && !same(old, t) {
			return f.m.conflict(where, message)
		}
		f.l[target] = t
		return sigNext
	}
}

func (l *linker) insertOnce(s *ir.ObjectInsertOnceStmt) step {
	object, key, value, where := l.local(s.Object), l.operand(s.Key), l.operand(s.Value), l.at(&s.Location)
	return func(f *frame) signal {
		k, v := key.read(f), value.read(f)
		if o, ok := f.l[object].Value.(ast.Object); ok {
			if old := o.Get(k); old != nil && !same(old, v) {
				return f.m.conflict(where, "object keys must be unique")
			}
		}
		f.insert(object, k, v)
		return sigNext
	}
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
	under.Foreach(func(k, v *ast.Term) { out.Insert(k, v) })
	over.Foreach(func(k, v *ast.Term) { out.Insert(k, merge(under.Get(k), v)) })
	return ast.NewTerm(out)
}
