package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// ConstraintReview is one review as constraints see it.
type ConstraintReview struct {
	// Review is input.review, an object.
	Review  ast.Value
	Subject gatekeeper.Subject
	// Inventory may be nil.
	Inventory *gatekeeper.Inventory
	// Now is what time.now_ns gives.
	Now time.Time
}

// Violation is one thing that a constraint has to say.
type Violation struct {
	Rule        string
	Enforcement v1alpha1.Enforcement
	// Msg may be empty, as its template left it.
	Msg string
	// Details is an empty object where the template gives none.
	Details ast.Value
}

// Review asks the constraints that look at a review. Every error means that nothing was
// decided.
func (c *Constraints) Review(ctx context.Context, r ConstraintReview) ([]Violation, error) {
	matching, err := c.matching(&r.Subject)
	if err != nil {
		return nil, err
	}
	a := &asking{constraints: c, matching: matching, inventory: r.Inventory, now: r.Now, review: ast.NewTerm(r.Review)}
	return a.all(ctx)
}

// ReviewInput asks the constraints that look at a review of gatehouse.dev/v1 as a
// Program does, without its policies.
func (c *Constraints) ReviewInput(ctx context.Context, input ast.Value, data Snapshot) ([]Violation, error) {
	a, err := c.lookingAt(input, data)
	if err != nil || a == nil {
		return nil, err
	}
	return a.all(ctx)
}

func (a *asking) all(ctx context.Context) ([]Violation, error) {
	stop := newCourtesy()
	defer context.AfterFunc(ctx, stop.Cancel)()
	var out []Violation
	for _, one := range a.matching {
		found, err := a.one(ctx, one, stop)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			v.Rule, v.Enforcement = one.Rule, one.enforcement
			out = append(out, v)
		}
	}
	return out, nil
}

// asking is one review and the constraints that look at it.
type asking struct {
	constraints *Constraints
	matching    []constraint
	review      *ast.Term
	inventory   *gatekeeper.Inventory
	now         time.Time
}

var (
	termReview     = ast.InternedTerm("review")
	termParameters = ast.InternedTerm("parameters")
	termMsg        = ast.InternedTerm("msg")
	termDetails    = ast.InternedTerm("details")
	termDeny       = ast.InternedTerm(outDeny)
	termEnforce    = ast.InternedTerm("enforcement")
)

// addTo puts what the constraints have to say beside what the policies said.
func (a *asking) addTo(ctx context.Context, document ast.Value, stop topdown.Cancel, tracers ...topdown.QueryTracer) (ast.Value, error) {
	if a == nil {
		return document, nil
	}
	said, ok := document.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("%w: the result is %s", ErrShape, typeName(document))
	}
	out := ast.NewObjectWithCapacity(said.Len() + len(a.matching))
	said.Foreach(func(key, value *ast.Term) { out.Insert(key, value) })
	for _, one := range a.matching {
		found, err := a.one(ctx, one, stop, tracers...)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			continue
		}
		messages := ast.NewSet()
		for _, v := range found {
			if v.Msg == "" {
				v.Msg = "the constraint is violated; its template gives no message"
			}
			messages.Add(ast.ObjectTerm(ast.Item(termMsg, ast.StringTerm(v.Msg)), ast.Item(termDetails, ast.NewTerm(v.Details))))
		}
		out.Insert(ast.StringTerm(one.Rule), ast.ObjectTerm(
			ast.Item(termEnforce, ast.InternedTerm(string(one.enforcement))), ast.Item(termDeny, ast.NewTerm(messages))))
	}
	return out, nil
}

// one evaluates one constraint. Its input is an object of two, so that parameters need
// neither a copy of the template nor a `with`. Built-in functions that fail are
// undefined, as templates were written for.
func (a *asking) one(ctx context.Context, c constraint, stop topdown.Cancel, tracers ...topdown.QueryTracer) ([]Violation, error) {
	optimized := a.constraints.indexing && len(tracers) == 0
	code := c.Template.Code()
	var inventory ast.Value
	if code.Inventory && a.inventory != nil {
		inventory = a.inventory.For(c.Constraint)
	}
	query := topdown.NewQuery(code.Question).
		WithQueryCompiler(code.QueryCompiler).
		WithCompiler(code.Compiler).
		WithStore(snapshotStore{}).
		WithTransaction(snapshotTxn{root: gatekeeper.InventoryRoot, facts: inventory}).
		WithInput(ast.ObjectTerm(ast.Item(termReview, a.review), ast.Item(termParameters, c.Parameters))).
		WithCancel(stop).
		WithMetrics(metrics.NoOp()).
		WithInterQueryBuiltinValueCache(a.constraints.values).
		WithIndexing(optimized).
		WithEarlyExit(optimized).
		WithTime(a.now)
	for _, tracer := range tracers {
		query = query.WithQueryTracer(tracer)
	}
	var answer ast.Value
	results := 0
	err := query.Iter(ctx, func(r topdown.QueryResult) error {
		results++
		if t, ok := r[gatekeeper.AnswerVar]; ok && t != nil {
			answer = t.Value
		}
		return nil
	})
	var failure *topdown.Error
	switch {
	case topdown.IsCancel(err):
		return nil, err
	case errors.As(err, &failure):
		named := evalError(failure)
		named.File = c.Rule + " " + named.File
		return nil, named
	case err != nil:
		return nil, fmt.Errorf("%s: %w", c.Rule, err)
	case results == 0 && code.Complete:
		return nil, nil
	case results != 1 || answer == nil || !answer.IsGround():
		return nil, fmt.Errorf("%w: %s has %d results, want one", ErrShape, c.Rule, results)
	}
	found, err := violations(answer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Rule, err)
	}
	return found, nil
}
