package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// scan writes a loop. A block that ends is the end of that member's turn; the loop itself is the
// next block further out.
func (l *linker) scan(s *ir.ScanStmt) error {
	after := l.label()
	l.emit(instruction{op: opScan, a: l.at(s.Source), b: l.at(s.Key), c: l.at(s.Value)}, after)
	l.open()
	turn := l.label()
	err := l.within(after, func() error {
		return l.within(turn, func() error { return l.block(s.Block) })
	})
	l.bind(turn)
	l.close()
	l.bind(after)
	return err
}

// none reports whether there is nothing to go through.
func none(t *ast.Term) bool {
	if t == nil {
		return true
	}
	array, ok := t.Value.(*ast.Array)
	return ok && array.Len() == 0
}

// scan runs a body for each member of a composite value, in its order, and says where to go on.
func (f *frame) scan(fn *function, in *instruction, body int) int {
	switch v := read(f.l, fn.constants, in.a).Value.(type) {
	case *ast.Array:
		for i := range v.Len() {
			if to := f.turn(fn, in, body, ast.InternedTerm(i), v.Elem(i)); to != bodyEnd {
				return to
			}
		}
	case ast.Object:
		for _, k := range v.Keys() {
			if to := f.turn(fn, in, body, k, v.Get(k)); to != bodyEnd {
				return to
			}
		}
	case ast.Set:
		for _, member := range v.Slice() {
			if to := f.turn(fn, in, body, member, member); to != bodyEnd {
				return to
			}
		}
	}
	return bodyEnd
}

func (f *frame) turn(fn *function, in *instruction, body int, key, value *ast.Term) int {
	if f.m.halted() {
		return failed
	}
	f.l[in.b], f.l[in.c] = key, value
	return f.exec(fn, body)
}
