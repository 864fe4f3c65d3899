package engine

import (
	"context"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/engine/taint"
)

// constraintsAlone asks the constraints that look at a review, each by itself. Those that
// read other objects are indeterminate: a recording has none. So are all where a label is
// hidden, by which they may be chosen.
func (p *Program) constraintsAlone(ctx context.Context, input ast.Value, data Snapshot) ([]Alone, error) {
	var out []Alone
	err := p.eachConstraint(input, data, func(one constraint, a *asking) {
		tracer := taint.New(one.Template.Code().Compiler)
		value, took, err := a.traced(ctx, tracer)
		alone := aloneOf(one.Rule, value, took, err, tracer)
		switch {
		case alone.Look != "":
		case one.Template.Code().Inventory && a.inventory == nil:
			alone.Look = "data.inventory"
		case hiddenLabels(input):
			alone.Look = "match"
		}
		out = append(out, alone)
	})
	return out, err
}

// eachConstraint visits the constraints that look at a review, each with a question of
// its own.
func (p *Program) eachConstraint(input ast.Value, data Snapshot, visit func(constraint, *asking)) error {
	all, err := p.constraints.lookingAt(input, data)
	if err != nil || all == nil {
		return err
	}
	for _, one := range all.matching {
		a := *all
		a.matching = []constraint{one}
		visit(one, &a)
	}
	return nil
}

func (a *asking) traced(ctx context.Context, tracer topdown.QueryTracer) (ast.Value, time.Duration, error) {
	return patiently(ctx, func(ctx context.Context, stop topdown.Cancel) (ast.Value, error) {
		return a.addTo(ctx, ast.InternedEmptyObjectValue, stop, tracer)
	})
}

// hiddenLabels reports whether labels of the object, the old one or the namespace hold a
// marker.
func hiddenLabels(input ast.Value) bool {
	for _, path := range [][]string{
		{"request", "object", "metadata", "labels"}, {"request", "oldObject", "metadata", "labels"}, {"namespace", "labels"},
		{"request", "object", "metadata", "name"}, {"request", "oldObject", "metadata", "name"},
	} {
		if v := field(input, path...); v != nil && taint.Holds(v) {
			return true
		}
	}
	return false
}
