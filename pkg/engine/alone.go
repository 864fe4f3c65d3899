package engine

import (
	"context"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/engine/taint"
)

// alonePatience bounds one policy that is asked alone: a tracer makes it many times
// slower, and nobody waits for an answer.
const alonePatience = 30 * time.Second

// Alone is what one policy, or one constraint, says when it is asked by itself.
type Alone struct {
	Rule string
	// Result is what it found and demands.
	Result Result
	// Look is where it looked at a value that a marker stands for, file:line: what it
	// says is then said of the marker, not of the value. Empty: it looked at none.
	Look string
	// Err says why there is no result.
	Err error
	// Took is how long it ran, under the tracer.
	Took time.Duration
}

// Alone asks every policy and constraint that matches the review in input by itself,
// without rule indexing and early exit, and tells which of them looked at a marker (package taint). It
// is for reviews that were recorded: it takes its time, and no watchdog answers for it.
// Programs compiled with Options.Unoptimized make the fewest guesses. See Eval for the
// rest.
func (p *Program) Alone(ctx context.Context, input ast.Value, data Snapshot) ([]Alone, error) {
	fitting, err := p.fitting(input)
	if err != nil {
		return nil, err
	}
	var out []Alone
	for _, x := range fitting {
		tracer := taint.New(p.compiler)
		value, took, err := p.traced(ctx, x, input, data, tracer, outDeny, outWarn, outDemand)
		if value != nil || err != nil {
			out = append(out, aloneOf(x.rule, value, took, err, tracer))
		}
	}
	constraints, err := p.constraintsAlone(ctx, input, data)
	return append(out, constraints...), err
}

func aloneOf(rule string, value ast.Value, took time.Duration, err error, tracer *taint.Tracer) Alone {
	a := Alone{Rule: rule, Look: tracer.Look(), Err: err, Took: took}
	if err != nil && a.Look == "" && tracer.Touched() {
		// It might not have failed over the value.
		a.Look = rule
	}
	if err == nil {
		a.Result, a.Err = Decode(value)
	}
	return a
}

// fitting lists the policies that judge the review in input.
func (p *Program) fitting(input ast.Value) ([]*policy, error) {
	c, err := p.cellOf(input)
	if err != nil || c.judge == nil {
		return nil, err
	}
	var out []*policy
	for _, x := range p.policies {
		if slices.Contains(c.judge.rules, x.rule) {
			out = append(out, x)
		}
	}
	return out, nil
}

// traced asks one policy for some of its outputs, nil where it has none of them.
func (p *Program) traced(ctx context.Context, x *policy, input ast.Value, data Snapshot, tracer topdown.QueryTracer, wanted ...string) (ast.Value, time.Duration, error) {
	q, err := newQuestion(p.compiler, []*policy{x}, wanted...)
	if q == nil || err != nil {
		return nil, 0, err
	}
	var facts ast.Value
	if data != nil {
		facts = data.Document()
	}
	return patiently(ctx, func(ctx context.Context, stop topdown.Cancel) (ast.Value, error) {
		return p.query(ctx, q, input, facts, stop, tracer)
	})
}

// patiently evaluates under alonePatience and tells how long it took.
func patiently(ctx context.Context, eval func(context.Context, topdown.Cancel) (ast.Value, error)) (ast.Value, time.Duration, error) {
	ctx, release := context.WithTimeout(ctx, alonePatience)
	defer release()
	stop := topdown.NewCancel()
	defer context.AfterFunc(ctx, stop.Cancel)()
	begin := time.Now()
	value, err := eval(ctx, stop)
	return value, time.Since(begin), told(ctx, err)
}
