package plan

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// literals finds, at the beginning of some statements, values that are made of constants only:
// they are made once, when the plan is linked, and not in every evaluation. It gives what the
// locals then hold, in order, and how many statements that takes the place of; 0 for none.
func (l *linker) literals(stmts []ir.Stmt) (made []literal, taken int) {
	if !isContainer(stmts[0]) {
		return nil, 0
	}
	known := map[ir.Local]*ast.Term{}
	var order []ir.Local
	define := func(at ir.Local, t *ast.Term) bool {
		if _, again := known[at]; again {
			return false
		}
		known[at] = t
		order = append(order, at)
		return true
	}
	for _, s := range stmts {
		if !l.constantStep(s, known, define) {
			break
		}
		taken++
	}
	containers := map[ir.Local]bool{}
	for _, at := range order {
		if yes, empty := container(known[at]); empty {
			// Something is put in later, maybe from a block further out.
			return nil, 0
		} else if yes {
			containers[at] = true
		}
	}
	if changes(stmts[taken:], containers) {
		return nil, 0
	}
	for _, at := range order {
		made = append(made, literal{at, settled(known[at])})
	}
	return made, taken
}

type literal struct {
	at    ir.Local
	value *ast.Term
}

func container(t *ast.Term) (yes, empty bool) {
	switch v := t.Value.(type) {
	case ast.Set:
		return true, v.Len() == 0
	case ast.Object:
		return true, v.Len() == 0
	case *ast.Array:
		return true, v.Len() == 0
	}
	return false, false
}

func isContainer(s ir.Stmt) bool {
	switch s.(type) {
	case *ir.MakeSetStmt, *ir.MakeArrayStmt, *ir.MakeObjectStmt:
		return true
	}
	return false
}

// constantStep carries out a statement on known values; false for one that needs others.
func (l *linker) constantStep(s ir.Stmt, known map[ir.Local]*ast.Term, define func(ir.Local, *ast.Term) bool) bool {
	value := func(o ir.Operand) *ast.Term {
		if at, ok := o.Value.(*ir.Local); ok {
			return known[*at]
		}
		return l.operand(o).constant
	}
	switch s := s.(type) {
	case *ir.MakeSetStmt:
		return define(s.Target, ast.NewTerm(ast.NewSet()))
	case *ir.MakeArrayStmt:
		return define(s.Target, ast.NewTerm(ast.NewArray()))
	case *ir.MakeObjectStmt:
		return define(s.Target, ast.NewTerm(ast.NewObject()))
	case *ir.MakeNullStmt:
		return define(s.Target, ast.InternedNullTerm)
	case *ir.MakeNumberIntStmt:
		return define(s.Target, ast.NumberTerm(number(s.Value)))
	case *ir.MakeNumberRefStmt:
		return define(s.Target, l.numberTerm(s.Index))
	case *ir.SetAddStmt:
		if set, v := known[s.Set], value(s.Value); set != nil && v != nil {
			return into[ast.Set](set, func(set ast.Set) { set.Add(v) })
		}
	case *ir.ArrayAppendStmt:
		if array, v := known[s.Array], value(s.Value); array != nil && v != nil {
			return into[*ast.Array](array, func(a *ast.Array) { array.Value = a.Append(v) })
		}
	case *ir.ObjectInsertStmt:
		if object, k, v := known[s.Object], value(s.Key), value(s.Value); object != nil && k != nil && v != nil {
			return into[ast.Object](object, func(o ast.Object) {
				if o.Get(k) == nil {
					o.Insert(k, v)
				}
			})
		}
	}
	return false
}

func into[T ast.Value](t *ast.Term, do func(T)) bool {
	v, ok := t.Value.(T)
	if ok {
		do(v)
	}
	return ok
}

func (l *linker) numberTerm(index int) *ast.Term {
	text, _ := l.strings[index].Value.(ast.String)
	return ast.NumberTerm(json.Number(text))
}

// changes reports whether statements put anything into one of some locals.
func changes(stmts []ir.Stmt, containers map[ir.Local]bool) bool {
	for _, s := range stmts {
		found := false
		switch s := s.(type) {
		case *ir.SetAddStmt:
			found = containers[s.Set]
		case *ir.ArrayAppendStmt:
			found = containers[s.Array]
		case *ir.ObjectInsertStmt:
			found = containers[s.Object]
		case *ir.ObjectInsertOnceStmt:
			found = containers[s.Object]
		case *ir.ScanStmt:
			found = changes(s.Block.Stmts, containers)
		case *ir.NotStmt:
			found = changes(s.Block.Stmts, containers)
		case *ir.WithStmt:
			found = changes(s.Block.Stmts, containers)
		case *ir.BlockStmt:
			for _, b := range s.Blocks {
				found = found || changes(b.Stmts, containers)
			}
		}
		if found {
			return true
		}
	}
	return false
}

// settled does now what a value does when it is first read, since evaluations share it.
func settled(t *ast.Term) *ast.Term {
	switch v := t.Value.(type) {
	case ast.Set:
		v.Slice()
	case ast.Object:
		v.Keys()
	}
	_ = t.Value.Hash()
	return t
}
