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

// common are the values that functions begin with: whoever needs no other constant does not wait for
// its own ones.
var common = [...]*ast.Term{
	emptySet, emptyObject, ast.InternedEmptyArray, ast.InternedNullTerm, ast.InternedTerm(true), ast.InternedTerm(false),
}

// put writes that a local is a constant.
func (l *linker) put(at ir.Local, t *ast.Term) {
	l.emit(instruction{op: opMove, a: l.read(operand{constant: t}), c: l.at(at)}, nil)
}

// making writes the statements that make and fill values; false for others.
func (l *linker) making(s ir.Stmt) bool {
	switch s := s.(type) {
	case *ir.MakeNullStmt:
		l.put(s.Target, ast.InternedNullTerm)
	case *ir.MakeNumberIntStmt:
		l.put(s.Target, ast.NumberTerm(number(s.Value)))
	case *ir.AssignIntStmt:
		l.put(s.Target, ast.NumberTerm(number(s.Value)))
	case *ir.MakeNumberRefStmt:
		l.put(s.Target, l.numberTerm(s.Index))
	case *ir.MakeArrayStmt:
		l.put(s.Target, ast.InternedEmptyArray)
	case *ir.MakeObjectStmt:
		l.put(s.Target, emptyObject)
	case *ir.MakeSetStmt:
		l.put(s.Target, emptySet)
	case *ir.ResetLocalStmt:
		l.emit(instruction{op: opClear, c: l.at(s.Target)}, nil)
	case *ir.AssignVarStmt:
		l.emit(instruction{op: opMove, a: l.read(l.operand(s.Source)), c: l.at(s.Target)}, nil)
	case *ir.AssignVarOnceStmt:
		l.assignOnce(s)
	case *ir.ArrayAppendStmt:
		l.emit(instruction{op: opAppend, a: l.read(l.operand(s.Value)), c: l.at(s.Array)}, nil)
	case *ir.SetAddStmt:
		l.emit(instruction{op: opAdd, a: l.read(l.operand(s.Value)), c: l.at(s.Set)}, nil)
	case *ir.ObjectInsertStmt:
		l.emit(instruction{op: opInsert, a: l.read(l.operand(s.Key)), b: l.read(l.operand(s.Value)), c: l.at(s.Object)}, nil)
	case *ir.ObjectInsertOnceStmt:
		once := conflict{at: l.where(&s.Location), message: "object keys must be unique"}
		l.emit(instruction{op: opInsertOnce, a: l.read(l.operand(s.Key)), b: l.read(l.operand(s.Value)), c: l.at(s.Object), x: listed(l.assembler, &l.fn.conflicts, once)}, nil)
	case *ir.ObjectMergeStmt:
		l.emit(instruction{op: opMerge, a: l.at(s.A), b: l.at(s.B), c: l.at(s.Target)}, nil)
	default:
		return false
	}
	return true
}

func (f *frame) add(set int16, t *ast.Term) {
	if f.l[set] == emptySet {
		f.l[set] = ast.NewTerm(ast.NewSet(t))
		return
	}
	if v, ok := f.l[set].Value.(ast.Set); ok {
		v.Add(t)
	}
}

func (l *linker) assignOnce(s *ir.AssignVarOnceStmt) {
	source := l.operand(s.Source)
	if l.fn.constant != nil && source.constant != nil {
		l.emit(instruction{op: opReturn, a: l.read(source)}, nil)
		return
	}
	c := conflict{at: l.where(&s.Location), message: "rule " + l.fn.path() + " produced conflicting values"}
	if len(l.fn.params) > 2 {
		c.message = "function " + l.fn.path() + " produced conflicting values for the same inputs"
	}
	l.emit(instruction{op: opAssign, a: l.read(source), c: l.at(s.Target), x: listed(l.assembler, &l.fn.conflicts, c)}, nil)
}
