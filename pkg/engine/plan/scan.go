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
		t := f.m.turns()
		defer f.m.turned()
		t.frame, t.fn, t.in, t.body, t.to = f, fn, in, body, bodyEnd
		v.Until(t.visit)
		return t.to
	case ast.Set:
		for _, member := range v.Slice() {
			if to := f.turn(fn, in, body, member, member); to != bodyEnd {
				return to
			}
		}
	}
	return bodyEnd
}

// turns are those of a loop over an object, whose members come by a call back.
type turns struct {
	frame    *frame
	fn       *function
	in       *instruction
	body, to int
	visit    func(key, value *ast.Term) bool
}

// turns begins a loop over an object, turned ends it; what they take is used again.
func (m *machine) turns() *turns {
	if m.looping == len(m.loops) {
		t := &turns{}
		t.visit = func(key, value *ast.Term) bool {
			t.to = t.frame.turn(t.fn, t.in, t.body, key, value)
			return t.to != bodyEnd
		}
		m.loops = append(m.loops, t)
	}
	m.looping++
	return m.loops[m.looping-1]
}

func (m *machine) turned() { m.looping-- }

func (f *frame) turn(fn *function, in *instruction, body int, key, value *ast.Term) int {
	if f.m.halted() {
		return failed
	}
	f.l[in.b], f.l[in.c] = key, value
	return f.exec(fn, body)
}
