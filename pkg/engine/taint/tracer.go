package taint

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Tracer follows one evaluation, which must run without rule indexing, without early exit
// and, or it guesses on the safe side, without comprehension indices: they compare values
// where no tracer sees it.
type Tracer struct {
	compiler *ast.Compiler

	// look is where a marker was looked at first, empty: nowhere.
	look string
	// touched: some marker was met at all. What cannot be told counts only then.
	touched bool
	// doubt is where something happened that cannot be told.
	doubt string
	// mocked: functions were replaced, and a call need not be what it is named.
	mocked bool
	// unordered is where a set with markers in it was gone through, in an order that the
	// markers decide; arrays: an array was collected.
	unordered string
	arrays    bool
	// asked are references into rules; answered are rules with markers in sets or keys.
	asked    []reference
	answered []ast.Ref
	at       *ast.Location
}

// New makes a Tracer for an evaluation of what a compiler made.
func New(compiler *ast.Compiler) *Tracer { return &Tracer{compiler: compiler} }

// Enabled is for OPA.
func (t *Tracer) Enabled() bool { return true }

// Config is for OPA.
func (t *Tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent is for OPA.
func (t *Tracer) TraceEvent(e topdown.Event) {
	if t.look != "" {
		return
	}
	if e.Location != nil {
		t.at = e.Location
	}
	switch node := e.Node.(type) {
	case *ast.Expr:
		switch e.Op {
		case topdown.UnifyOp:
			t.unified(node.Operand(0), node.Operand(1))
		case topdown.EvalOp:
			t.expression(&e, node)
		}
	case *ast.Rule:
		if e.Op == topdown.ExitOp {
			t.left(&e, node)
		}
	}
}

// Touched reports whether a marker was met at all, looked at or not. An error of an
// evaluation that met none would have happened anyway.
func (t *Tracer) Touched() bool { return t.touched }

// Look says where the evaluation, which has ended, looked at a marker: file:line, or empty
// if it looked at none.
func (t *Tracer) Look() string {
	switch {
	case t.look != "":
		return t.look
	case t.touched && t.doubt != "":
		return t.doubt
	}
	for _, r := range t.asked {
		if !r.meets(t.answered) {
			continue
		}
		if !r.enumerates {
			return r.at
		}
		if t.arrays {
			return r.at
		}
	}
	if t.arrays {
		return t.unordered
	}
	return ""
}

func (t *Tracer) looked() {
	if t.look == "" {
		t.look = place(t.at)
	}
}

func (t *Tracer) doubted() {
	if t.doubt == "" {
		t.doubt = place(t.at)
	}
}

func place(l *ast.Location) string {
	if l == nil || l.File == "" {
		return "the question itself"
	}
	return fmt.Sprintf("%s:%d", l.File, l.Row)
}

// unified judges the comparison of two terms, or the binding of a variable. Parts of
// arrays and objects come as events of their own.
func (t *Tracer) unified(a, b *ast.Term) {
	if !evaluated(a.Value) || !evaluated(b.Value) {
		t.bound(a.Value)
		t.bound(b.Value)
		return
	}
	if hollow(a.Value) || hollow(b.Value) {
		t.doubted()
	}
	if !holds(a.Value) && !holds(b.Value) {
		return
	}
	t.touched = true
	_, arrays := a.Value.(*ast.Array)
	if _, ok := b.Value.(*ast.Array); arrays && ok {
		return
	}
	x, ok := a.Value.(ast.Object)
	if y, both := b.Value.(ast.Object); ok && both && !keysHold(x) && !keysHold(y) {
		return
	}
	if _, known := same(a.Value, b.Value); !known {
		t.looked()
	}
}

// bound judges a value that goes to a variable.
func (t *Tracer) bound(v ast.Value) {
	if !evaluated(v) || !holds(v) {
		return
	}
	t.touched = true
	// What may be false or no text at all is looked at by just standing somewhere; and
	// which fields an object has must not depend on a marker.
	if isOpaque(v) || anyObject(v, keysHold) {
		t.looked()
	}
}

func anyObject(v ast.Value, test func(ast.Object) bool) bool {
	return anyInside(v, false, func(v ast.Value, _ bool) bool {
		o, ok := v.(ast.Object)
		return ok && test(o)
	})
}

// evaluated is false for what is bound, or evaluated to another event, first.
func evaluated(v ast.Value) bool {
	switch v.(type) {
	case ast.Var, ast.Ref, ast.Call:
		return false
	}
	return !ast.IsComprehension(v)
}

// hollow reports a set, or an object by its keys, with variables inside: they are filled
// in where no tracer sees it.
func hollow(v ast.Value) bool {
	switch v := v.(type) {
	case ast.Set:
		return !v.IsGround()
	case ast.Object:
		return v.Until(func(k, _ *ast.Term) bool { return !k.IsGround() })
	}
	return false
}

// left notes what a rule gave that a lookup in it would depend on.
func (t *Tracer) left(e *topdown.Event, rule *ast.Rule) {
	head := rule.Head
	ref := head.Ref()
	for _, part := range ref[1:] {
		if holds(e.Plug(part).Value) {
			t.touched = true
			t.looked()
			return
		}
	}
	keyed := false
	if head.RuleKind() == ast.MultiValue {
		keyed = holds(e.Plug(head.Key).Value)
	} else if head.Value != nil {
		keyed = loose(e.Plug(head.Value).Value)
	}
	if keyed {
		t.touched = true
		t.answered = append(t.answered, rule.Ref().GroundPrefix())
	}
}
