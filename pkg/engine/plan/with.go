package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// with runs a block with another document, or part of one, in the place of what a local
// holds. What rules gave outside of it is forgotten for its time.
func (l *linker) with(s *ir.WithStmt) (step, error) {
	inner, err := l.block(s.Block)
	if err != nil {
		return nil, err
	}
	local, value := l.local(s.Local), l.operand(s.Value)
	path := make([]*ast.Term, len(s.Path))
	for i, n := range s.Path {
		path[i] = l.strings[n]
	}
	return func(f *frame) signal {
		saved, known := f.l[local], f.m.memo
		f.m.memo = newMemo(len(f.m.plan.funcs))
		f.l[local] = upsert(saved, path, value.read(f))
		sig := inner.run(f)
		f.l[local], f.m.memo = saved, known
		if sig > 0 {
			// Being undefined inside is being undefined here.
			return max(sig.out(), sigUndefined)
		}
		return sig
	}, nil
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
			old.Foreach(func(k, v *ast.Term) { out.Insert(k, v) })
			below = old.Get(path[0])
		}
	}
	out.Insert(path[0], upsert(below, path[1:], value))
	return ast.NewTerm(out)
}
