package plan

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// linker makes instructions of the statements of one function after the other.
type linker struct {
	policy  *ir.Policy
	options Options
	names   map[string]*function
	plan    *Plan
	strings []*ast.Term
	// fn is the function at hand.
	fn *function
	*assembler
}

// operand is a local or a constant.
type operand struct {
	local    int
	constant *ast.Term
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
	l.fn.locals = max(l.fn.locals, int32(v)+1)
	return int(v)
}

// at is how an instruction names a local.
func (l *linker) at(v ir.Local) int16 { return l.small(l.local(v)) }

func (l *linker) operands(all []ir.Operand) []operand {
	out := make([]operand, len(all))
	for i, o := range all {
		out[i] = l.operand(o)
	}
	return out
}

func (l *linker) block(b *ir.Block) error {
	arrays := l.arrays(b.Stmts)
	for rest := b.Stmts; len(rest) > 0; rest = rest[1:] {
		if made, taken := l.literals(rest); taken > 0 {
			for _, literal := range made {
				l.put(literal.at, literal.value)
			}
			rest = rest[taken-1:]
			continue
		}
		if made, inPlace := arrays[len(b.Stmts)-len(rest)]; inPlace {
			if made != nil {
				l.emit(l.listing(instruction{op: opList, c: l.at(made.target)}, l.operands(made.members)), nil)
			}
			continue
		}
		if taken := l.unpacked(rest); taken > 0 {
			rest = rest[taken-1:]
			continue
		}
		if err := l.statement(rest[0]); err != nil {
			return err
		}
	}
	return nil
}

// statement writes one statement.
func (l *linker) statement(s ir.Stmt) error {
	switch s := s.(type) {
	case *ir.NopStmt:
		return nil
	case *ir.BlockStmt:
		return l.nested(s.Blocks)
	case *ir.ScanStmt:
		return l.scan(s)
	case *ir.NotStmt:
		return l.not(s)
	case *ir.WithStmt:
		return l.with(s)
	case *ir.CallStmt:
		return l.call(s)
	case *ir.CallDynamicStmt:
		l.dynamic(s)
		return nil
	case *ir.BreakStmt:
		l.emit(instruction{op: opJump}, l.exit(int(s.Index)))
		return nil
	case *ir.ResultSetAddStmt:
		// A query of ours has one result.
		l.ask(instruction{op: opDot, a: l.at(s.Value), b: l.read(operand{constant: resultName}), c: l.at(s.Value)})
		l.emit(instruction{op: opReturn, a: l.at(s.Value)}, nil)
		return nil
	case *ir.ReturnLocalStmt:
		l.emit(instruction{op: opReturn, a: l.at(s.Source)}, nil)
		return nil
	}
	if l.making(s) || l.asking(s) {
		return nil
	}
	return fmt.Errorf("statement %T is not supported", s)
}

// resultName is what OPA's compiler calls the result of an entry point.
var resultName = ast.StringTerm("result")

// nested writes blocks one after the other, whatever becomes of each.
func (l *linker) nested(all []*ir.Block) error {
	for _, b := range all {
		next := l.label()
		if err := l.within(next, func() error { return l.block(b) }); err != nil {
			return err
		}
		l.bind(next)
	}
	return nil
}

func (l *linker) not(s *ir.NotStmt) error {
	after := l.label()
	if err := l.within(after, func() error { return l.block(s.Block) }); err != nil {
		return err
	}
	l.emit(instruction{op: opJump}, l.exit(0))
	l.bind(after)
	return nil
}
