package taint

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// expression judges what is about to be evaluated, with what its variables hold by now:
// lookups and calls compare values without telling.
func (t *Tracer) expression(e *topdown.Event, x *ast.Expr) {
	replaced := t.replaced(e, x)
	t.closures(x)
	switch terms := x.Terms.(type) {
	case *ast.Term:
		t.references(e, x, terms, nil, replaced)
	case []*ast.Term:
		if x.IsEquality() {
			t.references(e, x, terms[1], terms[2], replaced)
			t.references(e, x, terms[2], terms[1], replaced)
			return
		}
		for _, operand := range terms[1:] {
			t.references(e, x, operand, nil, replaced)
		}
		t.call(e, terms)
	}
}

// replaced looks at `with`: it may put one function in place of another, and other
// documents in place of those that references are looked up in.
func (t *Tracer) replaced(e *topdown.Event, x *ast.Expr) bool {
	for _, with := range x.With {
		target, ok := with.Target.Value.(ast.Ref)
		if ok && target[0].Equal(ast.InputRootDocument) {
			continue
		}
		t.mocked = true
		if holds(e.Plug(with.Value).Value) {
			t.touched = true
			t.doubted()
		}
	}
	return len(x.With) > 0
}

// closures looks for comprehensions.
func (t *Tracer) closures(x *ast.Expr) {
	ast.WalkTerms(x, func(term *ast.Term) bool {
		if !ast.IsComprehension(term.Value) {
			return false
		}
		if _, ok := term.Value.(*ast.ArrayComprehension); ok {
			t.arrays = true
		}
		if t.compiler.ComprehensionIndex(term) != nil {
			t.doubted()
		}
		// What is inside comes as expressions of its own.
		return true
	})
}

// call judges a call of a built-in; a function of Rego shows itself by its own events.
func (t *Tracer) call(e *topdown.Event, terms []*ast.Term) {
	name := terms[0].Value.(ast.Ref)
	operands := terms[1:]
	function := name[0].Equal(ast.DefaultRootDocument)
	if function && !t.mocked {
		return
	}
	text := name.String()
	if b, ok := ast.BuiltinMap[text]; ok && len(operands) > b.Decl.Arity() {
		operands = operands[:b.Decl.Arity()]
	}
	values := make([]ast.Value, 0, len(operands))
	found := false
	for _, operand := range operands {
		v := e.Plug(operand).Value
		values, found = append(values, v), found || holds(v)
	}
	if !found {
		return
	}
	t.touched = true
	if t.mocked || looks(text, values) {
		t.looked()
	}
}
