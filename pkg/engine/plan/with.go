package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// replacement is what a with statement puts in the place of a local's document, or of a part of it.
type replacement struct {
	local int16
	path  []*ast.Term
	value int16
}

// with writes a block that runs under a replacement. Being undefined inside is being undefined
// here.
func (l *linker) with(s *ir.WithStmt) error {
	r := replacement{local: l.at(s.Local), value: l.read(l.operand(s.Value))}
	for _, n := range s.Path {
		r.path = append(r.path, l.strings[n])
	}
	after := l.label()
	l.emit(instruction{op: opWith, x: listed(l.assembler, &l.fn.replacements, r)}, after)
	l.open()
	err := l.within(l.exit(0), func() error { return l.block(s.Block) })
	l.close()
	l.bind(after)
	return err
}

// with runs a body under a replacement and says where to go on. What rules gave outside of it is
// forgotten for its time.
func (f *frame) with(fn *function, in *instruction, body int) int {
	r := &fn.replacements[in.x]
	saved, known := f.l[r.local], f.m.memo
	f.m.memo = f.m.spare()
	f.l[r.local] = upsert(saved, r.path, read(f.l, fn.constants, r.value))
	to := f.exec(fn, body)
	inside := f.m.memo
	f.l[r.local], f.m.memo = saved, known
	inside.clear()
	f.m.spares = append(f.m.spares, inside)
	return to
}

// spare gives an empty memo.
func (m *machine) spare() *memo {
	last := len(m.spares) - 1
	if last < 0 {
		return &memo{answers: make([]answer, len(m.plan.funcs))}
	}
	out := m.spares[last]
	m.spares = m.spares[:last]
	return out
}

// upsert gives a document with a value at a path, without changing the one it is given.
func upsert(in *ast.Term, path []*ast.Term, value *ast.Term) *ast.Term {
	if len(path) == 0 {
		return value
	}
	out := ast.NewObject()
	var below *ast.Term
	if in != nil {
		if old, ok := in.Value.(ast.Object); ok {
			below = old.Get(path[0])
			old.Foreach(func(k, v *ast.Term) {
				if v != below || !same(k, path[0]) {
					out.Insert(k, v)
				}
			})
		}
	}
	out.Insert(path[0], upsert(below, path[1:], value))
	return ast.NewTerm(out)
}
