package suite

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// caseTime bounds one case.
const caseTime = 10 * time.Second

func (r *runner) tryCase(ctx context.Context, dir string, set *gatekeeper.Set, expansions []expansion, c aCase) CaseResult {
	result := CaseResult{Name: c.Name, Skipped: c.Skip}
	if c.Skip {
		return result
	}
	found, err := r.ask(ctx, dir, set, expansions, c)
	for _, v := range found {
		result.Violations = append(result.Violations, v.Msg)
	}
	if err != nil {
		result.Problem = err.Error()
		return result
	}
	for _, a := range c.Assertions {
		if err := a.check(found); err != nil {
			result.Problem = err.Error()
			break
		}
	}
	return result
}

// ask gives the violations of a case, which must be the same with rule indexing and
// early exit on and off.
func (r *runner) ask(ctx context.Context, dir string, set *gatekeeper.Set, expansions []expansion, c aCase) ([]engine.Violation, error) {
	if c.Object == "" {
		return nil, errors.New("the case names no object")
	}
	if len(c.Assertions) == 0 {
		return nil, errors.New("the case has no assertions")
	}
	inventory, err := r.inventory(dir, c.Inventory)
	if err != nil {
		return nil, err
	}
	reviews, err := r.reviews(path.Join(dir, c.Object), expansions)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, caseTime)
	defer stop()
	var answers [2][]engine.Violation
	for i, unoptimized := range []bool{false, true} {
		constraints := engine.NewConstraints(set, gatekeeper.PointFiles, unoptimized)
		for _, review := range reviews {
			review.Inventory, review.Now = inventory, r.now
			review.Subject.NamespaceLabels = inventory.NamespaceLabels(review.Subject.Namespace)
			found, err := constraints.Review(ctx, review.ConstraintReview)
			if err != nil {
				return nil, err
			}
			for _, v := range found {
				v.Msg = review.prefix + v.Msg
				answers[i] = append(answers[i], v)
			}
		}
	}
	if !same(answers[0], answers[1]) {
		return answers[0], fmt.Errorf("the answer is another without rule indexing and early exit: %q", messages(answers[1]))
	}
	return answers[0], nil
}

func same(a, b []engine.Violation) bool {
	return slices.EqualFunc(a, b, func(x, y engine.Violation) bool {
		return x.Msg == y.Msg && x.Details.Compare(y.Details) == 0
	})
}

func messages(found []engine.Violation) []string {
	var out []string
	for _, v := range found {
		out = append(out, v.Msg)
	}
	return out
}

// aReview is a review with what is put before its messages.
type aReview struct {
	engine.ConstraintReview
	prefix string
}

// reviews are that of the one object in a file, and those of what comes out of it.
func (r *runner) reviews(name string, expansions []expansion) ([]aReview, error) {
	docs, err := r.documents(name)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%s has %d objects, want one", r.display(name), len(docs))
	}
	first, err := reviewOf(docs[0].Object)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.display(name), err)
	}
	out := []aReview{{ConstraintReview: first}}
	if len(expansions) == 0 {
		return out, nil
	}
	made, err := expandAll(docs[0].Object, expansions)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.display(name), err)
	}
	for _, e := range made {
		review, err := reviewOf(e.object)
		if err != nil {
			return nil, fmt.Errorf("%s: expanded by %s: %w", r.display(name), e.by, err)
		}
		review.Subject.Generated = true
		out = append(out, aReview{ConstraintReview: review, prefix: "[Implied by " + e.by + "] "})
	}
	return out, nil
}

// inventory is nil where a case names none.
func (r *runner) inventory(dir string, names []string) (*gatekeeper.Inventory, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var objects []ast.Value
	for _, name := range names {
		docs, err := r.documents(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			value, err := doc.Value()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.display(path.Join(dir, name)), err)
			}
			objects = append(objects, value)
		}
	}
	return gatekeeper.NewInventory(objects)
}
