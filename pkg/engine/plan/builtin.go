package plan

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// builtin is a built-in function as it is called in one place: a quick way for one, two or three
// operands, if there is one, and the long one.
type builtin struct {
	one   func(a *ast.Term) *ast.Term
	two   func(a, b *ast.Term) *ast.Term
	three func(a, b, c *ast.Term) *ast.Term
	decl  *ast.Builtin
	run   topdown.BuiltinFunc
	at    *ast.Location
}

// quick finds the quick way of a function and says what instruction takes it.
func (b *builtin) quick(name string, operands int) opcode {
	b.one, b.two, b.three = quickOne[name], quickTwo[name], quickThree[name]
	switch {
	case b.one != nil && operands == 1:
		return opOne
	case b.two != nil && operands == 2:
		return opTwo
	case b.three != nil && operands == 3:
		return opThree
	}
	return opBuiltin
}

// builtin calls a built-in function the quick way, if it has one; where that gives nothing, the long
// one goes. What is undefined, or has no result, gives nil.
func (f *frame) builtin(fn *function, in *instruction) (*ast.Term, signal) {
	if in.op == opBuiltin {
		return f.slowly(fn, in)
	}
	called, args := &fn.builtins[in.a], fn.args[in.x:][:in.b]
	x := read(f.l, fn.constants, args[0])
	if x == nil {
		return nil, sigUndefined
	}
	var t *ast.Term
	switch len(args) {
	case 1:
		t = called.one(x)
	case 2:
		y := read(f.l, fn.constants, args[1])
		if y == nil {
			return nil, sigUndefined
		}
		t = called.two(x, y)
	default:
		y, z := read(f.l, fn.constants, args[1]), read(f.l, fn.constants, args[2])
		if y == nil || z == nil {
			return nil, sigUndefined
		}
		t = called.three(x, y, z)
	}
	if t == nil {
		return f.slowly(fn, in)
	}
	return t, sigNext
}

// slowly calls a built-in function the way that knows every case. A relation's results are the
// members of an array.
func (f *frame) slowly(fn *function, in *instruction) (*ast.Term, signal) {
	m, called := f.m, &fn.builtins[in.a]
	if m.halted() {
		return nil, sigError
	}
	// Built-in functions call nothing of ours, so one list serves all of them.
	values := m.args[:in.b]
	for i, o := range fn.args[in.x:][:in.b] {
		if values[i] = read(f.l, fn.constants, o); values[i] == nil {
			return nil, sigUndefined
		}
	}
	var bctx topdown.BuiltinContext
	if !called.decl.CanSkipBctx {
		bctx = m.context()
	}
	bctx.Location = called.at
	m.result, m.results = nil, nil
	into := m.one
	if called.decl.Relation {
		into = m.many
	}
	if err := called.run(bctx, values, into); err != nil {
		var halt topdown.Halt
		if m.plan.strict || errors.As(err, &halt) || topdown.IsCancel(err) {
			if halt.Err != nil {
				err = halt.Err
			}
			return nil, m.fail(err)
		}
		return nil, sigUndefined
	}
	switch {
	case called.decl.Decl.Result() == nil:
		return nil, sigNext
	case called.decl.Relation:
		return ast.ArrayTerm(m.results...), sigNext
	case m.result == nil:
		return nil, sigUndefined
	}
	return m.result, sigNext
}
