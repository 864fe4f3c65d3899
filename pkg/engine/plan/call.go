package plan

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// call writes a call of a planned function, or of one that is built in.
func (l *linker) call(s *ir.CallStmt) error {
	if fn, ok := l.names[s.Func]; ok {
		l.internal(fn, l.operands(s.Args), s.Result)
		return nil
	}
	b := builtin{decl: ast.BuiltinMap[s.Func], run: topdown.GetBuiltin(s.Func), at: l.where(&s.Location)}
	own, isOwn := l.options.Builtins[s.Func]
	if isOwn {
		b.decl, b.run = own.Decl, own.Func
	}
	if b.decl == nil || b.run == nil {
		return fmt.Errorf("function %s is not built in", s.Func)
	}
	if len(s.Args) > maxArgs {
		return fmt.Errorf("function %s has %d operands", s.Func, len(s.Args))
	}
	op := opBuiltin
	if !isOwn {
		op = b.quick(s.Func, len(s.Args))
	}
	a := l.small(int(listed(l.assembler, &l.fn.builtins, b)))
	l.ask(l.listing(instruction{op: op, a: a, c: l.at(s.Result)}, l.operands(s.Args)))
	return nil
}

// listing has an instruction read a list of operands.
func (l *linker) listing(in instruction, operands []operand) instruction {
	names := make([]int16, len(operands))
	for i, o := range operands {
		names[i] = l.read(o)
	}
	in.b, in.x = l.small(len(names)), listed(l.assembler, &l.fn.args, names...)
	return in
}

func (l *linker) internal(fn *function, args []operand, result ir.Local) {
	if len(args) != int(fn.arity) {
		// OPA's planner takes a function for a rule where it goes through a package: it is none.
		l.emit(instruction{op: opJump}, l.exit(0))
		return
	}
	if fn.native != nil {
		x := listed(l.assembler, &l.fn.natives, *fn.native)
		l.ask(instruction{op: opNative, a: l.read(args[2]), b: l.read(args[len(args)-1]), c: l.at(result), x: x})
		return
	}
	l.ask(l.listing(instruction{op: opCall, a: l.small(fn.index), c: l.at(result)}, args))
}

// maxDirect is how many operands a call has whose list is on the stack.
const maxDirect = 6

// invoke calls a function.
func (f *frame) invoke(fn *function, in *instruction) *ast.Term {
	operands := fn.args[in.x:][:in.b]
	if len(operands) > maxDirect {
		return f.m.call(f.m.plan.funcs[in.a], f.values(fn, operands)...)
	}
	var values [maxDirect]*ast.Term
	for i, o := range operands {
		values[i] = read(f.l, fn.constants, o)
	}
	return f.m.call(f.m.plan.funcs[in.a], values[:len(operands)]...)
}

// values reads a list of operands.
func (f *frame) values(fn *function, operands []int16) []*ast.Term {
	values := make([]*ast.Term, len(operands))
	for i, o := range operands {
		values[i] = read(f.l, fn.constants, o)
	}
	return values
}

// took stores what a call gave.
func (f *frame) took(target int16, t *ast.Term) signal {
	if f.m.err != nil {
		return sigError
	}
	f.l[target] = t
	if t == nil {
		return sigUndefined
	}
	return sigNext
}

// dynamic writes a call of the rule that a path names at that moment. A rule that is there and
// undefined ends three blocks more: the base document is not asked then.
func (l *linker) dynamic(s *ir.CallDynamicStmt) {
	all := l.operands(s.Path)
	for _, a := range s.Args {
		all = append(all, operand{local: l.local(a)})
	}
	l.ask(l.listing(instruction{op: opDynamic, a: l.small(len(s.Path)), c: l.at(s.Result)}, all))
	l.emit(instruction{op: opJump}, l.exit(int(sigShadowed)-1))
}

// dynamic calls a function that its first operands name.
func (f *frame) dynamic(fn *function, in *instruction) signal {
	values := f.values(fn, fn.args[in.x:][:in.b])
	name, args := "", values[in.a:]
	for i, p := range values[:in.a] {
		part, ok := p.Value.(ast.String)
		if !ok {
			return sigUndefined
		}
		if i > 0 {
			name += "/"
		}
		name += string(part)
	}
	named, ok := f.m.plan.paths[name]
	if !ok || int(named.arity) != len(args) {
		return sigUndefined
	}
	if sig := f.took(in.c, f.m.call(named, args...)); sig != sigUndefined {
		return sig
	}
	return sigShadowed
}
