package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/review"
)

// Eval asks every policy and constraint that matches the review in input for its denials,
// warnings and demands, and gives one result document {policy: {enforcement, deny, warn, demand}}
// for Decode, without those that say nothing. Input is an object as in gatehouse.dev/v1 and must
// not be changed any more, not even afterwards: a late evaluation may still read it. Data may be
// nil. Every error means that nothing was decided.
func (p *Program) Eval(ctx context.Context, input ast.Value, data Snapshot) (ast.Value, error) {
	c, err := p.cellOf(input)
	if err != nil {
		return nil, err
	}
	if c.judge != nil {
		c.judge.asked.Add(1)
	}
	asking, err := p.constraints.lookingAt(input, data)
	if err != nil {
		return nil, err
	}
	return p.askAll(ctx, c.judge, asking, input, data)
}

// Mutate asks every matching policy what it would set, and gives one result document
// {policy: {enforcement, mutate}} for Decode. See Eval for the rest.
func (p *Program) Mutate(ctx context.Context, input ast.Value, data Snapshot) (ast.Value, error) {
	c, err := p.cellOf(input)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, c.mutate, input, data)
}

// Demand asks every matching policy only for what it demands, and gives one result
// document {policy: {enforcement, demand}} for Decode: what a stored object holds is what
// its creation would demand. See Eval for the rest.
func (p *Program) Demand(ctx context.Context, input ast.Value, data Snapshot) (ast.Value, error) {
	c, err := p.cellOf(input)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, c.demand, input, data)
}

var (
	refGroup     = ast.MustParseRef("input.request.kind.group")[1:]
	refKind      = ast.MustParseRef("input.request.kind.kind")[1:]
	refOperation = ast.MustParseRef("input.request.operation")[1:]
)

// cellOf reads what matching needs; an input without it is no review.
func (p *Program) cellOf(input ast.Value) (cell, error) {
	if _, ok := input.(ast.Object); !ok {
		return cell{}, fmt.Errorf("%w: input is %s, not an object", ErrShape, typeName(input))
	}
	group, err := stringAt(input, refGroup)
	if err != nil {
		return cell{}, err
	}
	kind, err := stringAt(input, refKind)
	if err != nil {
		return cell{}, err
	}
	operation, err := stringAt(input, refOperation)
	if err != nil {
		return cell{}, err
	}
	if kind == "" {
		return cell{}, fmt.Errorf("%w: input.request.kind.kind is empty", ErrShape)
	}
	c, ok := p.questions.find(group, kind, review.Operation(operation))
	if !ok {
		return cell{}, fmt.Errorf("%w: input.request.operation is %q", ErrShape, operation)
	}
	return c, nil
}

func stringAt(input ast.Value, path ast.Ref) (string, error) {
	value, err := input.Find(path)
	if err != nil {
		return "", fmt.Errorf("%w: input has no %s", ErrShape, dotted(path))
	}
	s, ok := value.(ast.String)
	if !ok {
		return "", fmt.Errorf("%w: input.%s is %s, not a string", ErrShape, dotted(path), typeName(value))
	}
	return string(s), nil
}

func dotted(path ast.Ref) string {
	text := ""
	for i, t := range path {
		if i > 0 {
			text += "."
		}
		if s, ok := t.Value.(ast.String); ok {
			text += string(s)
		}
	}
	return text
}

// ask runs one question under deadline and watchdog.
func (p *Program) ask(ctx context.Context, q *question, input ast.Value, data Snapshot) (ast.Value, error) {
	return p.askAll(ctx, q, nil, input, data)
}

// askAll asks constraints after the question; either may be nil.
func (p *Program) askAll(ctx context.Context, q *question, a *asking, input ast.Value, data Snapshot) (ast.Value, error) {
	if q == nil && a == nil {
		return ast.InternedEmptyObjectValue, nil
	}
	ctx, release := context.WithTimeout(ctx, p.budget)
	defer release()
	stop := newCourtesy()
	defer context.AfterFunc(ctx, stop.Cancel)()
	var facts ast.Value
	if data != nil {
		facts = data.Document()
	}
	value, err := p.watch.run(ctx, func() (ast.Value, error) {
		document := ast.InternedEmptyObjectValue
		if q != nil {
			var err error
			if document, err = p.answer(ctx, q, input, facts, stop); err != nil {
				return nil, err
			}
		}
		return a.addTo(ctx, document, stop)
	})
	if stop.greedy.Load() && topdown.IsCancel(err) {
		return nil, ErrMemory
	}
	return value, told(ctx, err)
}

// told makes an error of an evaluation one of ours.
func told(ctx context.Context, err error) error {
	var failure *topdown.Error
	switch {
	case err == nil:
		return nil
	case topdown.IsCancel(err):
		return fmt.Errorf("%w: %w", ErrTimeout, context.Cause(ctx))
	case errors.As(err, &failure):
		return evalError(failure)
	}
	return err
}

// query asks; a tracer sees everything, so nothing is optimized away under one.
func (p *Program) query(ctx context.Context, q *question, input, facts ast.Value, stop topdown.Cancel, tracers ...topdown.QueryTracer) (ast.Value, error) {
	optimized := p.indexing && len(tracers) == 0
	query := topdown.NewQuery(q.body).
		WithQueryCompiler(q.compiler).
		WithCompiler(p.compiler).
		WithStore(snapshotStore{}).
		WithTransaction(snapshotTxn{root: factsRoot, facts: facts}).
		WithInput(ast.NewTerm(input)).
		WithCancel(stop).
		WithMetrics(metrics.NoOp()).
		WithBuiltins(p.builtins).
		WithInterQueryBuiltinValueCache(p.values).
		WithIndexing(optimized).
		WithEarlyExit(optimized).
		WithStrictBuiltinErrors(true)
	for _, tracer := range tracers {
		query = query.WithQueryTracer(tracer)
	}
	var answer ast.Value
	results := 0
	err := query.Iter(ctx, func(r topdown.QueryResult) error {
		results++
		if t, ok := r[answerVar]; ok && t != nil {
			answer = t.Value
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case results != 1 || answer == nil:
		return nil, fmt.Errorf("%w: %d results of %v, want one", ErrShape, results, q.rules)
	case !answer.IsGround():
		return nil, fmt.Errorf("%w: the result of %v is not ground", ErrShape, q.rules)
	}
	return answer, nil
}
