package plan

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// linker makes closures of the statements of one function after the other.
type linker struct {
	policy  *ir.Policy
	options Options
	names   map[string]*function
	plan    *Plan
	strings []*ast.Term
	// fn is the function at hand.
	fn *function
}

// operand is a local or a constant.
type operand struct {
	local    int
	constant *ast.Term
}

func (o operand) read(f *frame) *ast.Term {
	if o.constant != nil {
		return o.constant
	}
	return f.l[o.local]
}

func (l *linker) operand(o ir.Operand) operand {
	// A plan that was read has pointers.
	switch v := o.Value.(type) {
	case *ir.StringIndex:
		return operand{constant: l.strings[*v]}
	case *ir.Bool:
		return operand{constant: ast.InternedTerm(bool(*v))}
	case *ir.Local:
		return operand{local: l.local(*v)}
	}
	panic(fmt.Sprintf("an operand is a %T", o.Value))
}

// local is the place of a local in the frame, which becomes large enough for it.
func (l *linker) local(v ir.Local) int {
	l.fn.locals = max(l.fn.locals, int(v)+1)
	return int(v)
}

func (l *linker) operands(all []ir.Operand) []operand {
	out := make([]operand, len(all))
	for i, o := range all {
		out[i] = l.operand(o)
	}
	return out
}

func (l *linker) block(b *ir.Block) (block, error) {
	out := make(block, 0, len(b.Stmts))
	arrays := l.arrays(b.Stmts)
	for rest := b.Stmts; len(rest) > 0; rest = rest[1:] {
		if made, taken := l.literals(rest); taken > 0 {
			for _, literal := range made {
				out = append(out, put(l.local(literal.at), literal.value))
			}
			rest = rest[taken-1:]
			continue
		}
		if made, inPlace := arrays[len(b.Stmts)-len(rest)]; inPlace {
			if made != nil {
				out = append(out, made)
			}
			continue
		}
		if made, taken := l.fused(rest); taken > 0 {
			out = append(out, made)
			rest = rest[taken-1:]
			continue
		}
		compiled, err := l.statement(rest[0])
		if err != nil {
			return nil, err
		}
		if compiled != nil {
			out = append(out, compiled)
		}
	}
	return out, nil
}

func (l *linker) blocks(all []*ir.Block) ([]block, error) {
	out := make([]block, 0, len(all))
	for _, b := range all {
		compiled, err := l.block(b)
		if err != nil {
			return nil, err
		}
		out = append(out, compiled)
	}
	return out, nil
}

// statement makes a closure of one statement, nil where there is nothing to do.
func (l *linker) statement(s ir.Stmt) (step, error) {
	switch s := s.(type) {
	case *ir.NopStmt:
		return nil, nil
	case *ir.BlockStmt:
		return l.nested(s)
	case *ir.ScanStmt:
		return l.scan(s)
	case *ir.NotStmt:
		return l.not(s)
	case *ir.WithStmt:
		return l.with(s)
	case *ir.CallStmt:
		return l.call(s)
	case *ir.CallDynamicStmt:
		return l.dynamic(s), nil
	case *ir.BreakStmt:
		sig := signal(s.Index) + 1
		return func(*frame) signal { return sig }, nil
	case *ir.ResultSetAddStmt:
		// A query of ours has one result.
		bindings := l.local(s.Value)
		return func(f *frame) signal {
			f.m.returned = member(f.l[bindings].Value, resultName)
			return sigReturn
		}, nil
	case *ir.ReturnLocalStmt:
		source := l.local(s.Source)
		return func(f *frame) signal {
			f.m.returned = f.l[source]
			return sigReturn
		}, nil
	}
	if made := l.making(s); made != nil {
		return made, nil
	}
	if asked := l.asking(s); asked != nil {
		return asked, nil
	}
	return nil, fmt.Errorf("statement %T is not supported", s)
}

// resultName is what OPA's compiler calls the result of an entry point.
var resultName = ast.StringTerm("result")

// nested runs blocks one after the other, whatever becomes of each.
func (l *linker) nested(s *ir.BlockStmt) (step, error) {
	all, err := l.blocks(s.Blocks)
	if err != nil {
		return nil, err
	}
	if len(all) == 1 {
		only := all[0]
		return func(f *frame) signal { return only.run(f).out() }, nil
	}
	return func(f *frame) signal {
		for _, b := range all {
			if sig := b.run(f).out(); sig != sigNext {
				return sig
			}
		}
		return sigNext
	}, nil
}

func (l *linker) not(s *ir.NotStmt) (step, error) {
	inner, err := l.block(s.Block)
	if err != nil {
		return nil, err
	}
	return func(f *frame) signal {
		if sig := inner.run(f); sig != sigNext {
			return sig.out()
		}
		return sigUndefined
	}, nil
}
