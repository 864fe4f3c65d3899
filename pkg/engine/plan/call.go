package plan

import (
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// call calls a planned function, or one that is built in.
func (l *linker) call(s *ir.CallStmt) (step, error) {
	args, target := l.operands(s.Args), l.local(s.Result)
	if fn, ok := l.names[s.Func]; ok {
		return internal(fn, args, target), nil
	}
	decl, run := ast.BuiltinMap[s.Func], topdown.GetBuiltin(s.Func)
	if own, ok := l.options.Builtins[s.Func]; ok {
		decl, run = own.Decl, own.Func
	}
	if decl == nil || run == nil {
		return nil, fmt.Errorf("function %s is not built in", s.Func)
	}
	if len(args) > maxArgs {
		return nil, fmt.Errorf("function %s has %d operands", s.Func, len(args))
	}
	long := l.builtin(decl, run, args, target, l.at(&s.Location))
	if _, own := l.options.Builtins[s.Func]; own {
		return long, nil
	}
	return quick(s.Func, args, target, long), nil
}

func internal(fn *function, args []operand, target int) step {
	if fn.native != nil && len(args) == len(fn.params) {
		return fn.asked(args, target)
	}
	switch len(args) {
	case 2:
		a, b := args[0], args[1]
		return func(f *frame) signal { return f.took(target, f.m.call(fn, a.read(f), b.read(f))) }
	case 3:
		a, b, c := args[0], args[1], args[2]
		return func(f *frame) signal { return f.took(target, f.m.call(fn, a.read(f), b.read(f), c.read(f))) }
	}
	return func(f *frame) signal {
		values := make([]*ast.Term, len(args))
		for i, a := range args {
			values[i] = a.read(f)
		}
		return f.took(target, f.m.call(fn, values...))
	}
}

// asked asks a function that is answered in Go.
func (f *function) asked(args []operand, target int) step {
	answer, a, b := f.native, args[2], args[len(args)-1]
	return func(f *frame) signal {
		x, y := a.read(f), b.read(f)
		if x == nil || y == nil {
			return sigUndefined
		}
		return f.took(target, answer(x, y))
	}
}

// took stores what a call gave.
func (f *frame) took(target int, t *ast.Term) signal {
	if f.m.err != nil {
		return sigError
	}
	f.l[target] = t
	if t == nil {
		return sigUndefined
	}
	return sigNext
}

// dynamic calls the rule that a path names at that moment. A rule that is there and undefined
// ends three blocks more: the base document is not asked then.
func (l *linker) dynamic(s *ir.CallDynamicStmt) step {
	target, path := l.local(s.Result), l.operands(s.Path)
	args := make([]operand, len(s.Args))
	for i, a := range s.Args {
		args[i] = operand{local: l.local(a)}
	}
	return func(f *frame) signal {
		name := ""
		for i, p := range path {
			part, ok := p.read(f).Value.(ast.String)
			if !ok {
				return sigUndefined
			}
			if i > 0 {
				name += "/"
			}
			name += string(part)
		}
		fn, ok := f.m.plan.paths[name]
		if !ok || len(fn.params) != len(args) {
			return sigUndefined
		}
		values := make([]*ast.Term, len(args))
		for i, a := range args {
			values[i] = a.read(f)
		}
		if sig := f.took(target, f.m.call(fn, values...)); sig != sigUndefined {
			return sig
		}
		return sigUndefined + 3
	}
}

// builtin calls a built-in function. A relation's results are the members of an array.
func (l *linker) builtin(decl *ast.Builtin, run topdown.BuiltinFunc, args []operand, target int, where *ast.Location) step {
	strict, void := l.options.Strict, decl.Decl.Result() == nil
	return func(f *frame) signal {
		m := f.m
		if m.halted() {
			return sigError
		}
		// Built-in functions call nothing of ours, so one list serves all of them.
		values := m.args[:len(args)]
		for i, a := range args {
			if values[i] = a.read(f); values[i] == nil {
				return sigUndefined
			}
		}
		var bctx topdown.BuiltinContext
		if !decl.CanSkipBctx {
			bctx = m.context()
		}
		bctx.Location = where
		m.result, m.results = nil, nil
		into := m.one
		if decl.Relation {
			into = m.many
		}
		if err := run(bctx, values, into); err != nil {
			var halt topdown.Halt
			if strict || errors.As(err, &halt) || topdown.IsCancel(err) {
				if halt.Err != nil {
					err = halt.Err
				}
				return m.fail(err)
			}
			return sigUndefined
		}
		t := m.result
		if decl.Relation {
			t = ast.ArrayTerm(m.results...)
		}
		if void {
			return sigNext
		}
		return f.took(target, t)
	}
}
