package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// scan runs a block for each member of a composite value, in its order. A block that ends is
// the end of that member's turn; the loop itself is the next block further out.
func (l *linker) scan(s *ir.ScanStmt) (step, error) {
	inner, err := l.block(s.Block)
	if err != nil {
		return nil, err
	}
	source, key, value := l.local(s.Source), l.local(s.Key), l.local(s.Value)
	turn := func(f *frame, k, v *ast.Term) (signal, bool) {
		if f.m.halted() {
			return sigError, true
		}
		f.l[key], f.l[value] = k, v
		switch sig := inner.run(f); {
		case sig < 0:
			return sig, true
		case sig <= 1:
			return sigNext, false
		default:
			return sig - 2, true
		}
	}
	return func(f *frame) signal {
		t := f.l[source]
		if t == nil {
			return sigNext
		}
		switch v := t.Value.(type) {
		case *ast.Array:
			for i := range v.Len() {
				if sig, over := turn(f, ast.InternedTerm(i), v.Elem(i)); over {
					return sig
				}
			}
		case ast.Object:
			for _, k := range v.Keys() {
				if sig, over := turn(f, k, v.Get(k)); over {
					return sig
				}
			}
		case ast.Set:
			for _, member := range v.Slice() {
				if sig, over := turn(f, member, member); over {
					return sig
				}
			}
		}
		return sigNext
	}, nil
}
