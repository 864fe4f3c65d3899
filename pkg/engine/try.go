package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/review"
)

// Try asks the Program once about a small review of a kind that a policy looks at, and
// tells only of what would be wrong with any review: no answer in time, a panic. What a
// policy finds, or misses in this review, is no error.
func (p *Program) Try(ctx context.Context, rule string) error {
	for _, x := range p.policies {
		if x.rule != rule || len(enforced([]*policy{x})) == 0 {
			continue
		}
		input, err := ObjectValue(canaryInput)
		if err != nil {
			return fmt.Errorf("canary: %w", err)
		}
		request, err := input.Find(ast.MustParseRef("input.request")[1:])
		if err != nil {
			return fmt.Errorf("canary: %w", err)
		}
		m := x.meta.match
		kind := ast.NewObject(
			ast.Item(ast.StringTerm("group"), ast.StringTerm(one(m.Groups, ""))),
			ast.Item(ast.StringTerm("version"), ast.StringTerm("v1")),
			ast.Item(ast.StringTerm("kind"), ast.StringTerm(one(m.Kinds, "ConfigMap"))))
		about := with(with(request, "kind", kind), "operation", ast.String(one(m.Operations, string(review.Create))))
		for _, ask := range []func(context.Context, ast.Value, Snapshot) (ast.Value, error){p.Eval, p.Mutate} {
			_, err := ask(ctx, with(input, "request", about), nil)
			var panicked *PanicError
			if errors.Is(err, ErrTimeout) || errors.Is(err, ErrStuck) || errors.As(err, &panicked) {
				return err
			}
		}
	}
	return nil
}

// one takes the first name of a list, or another for the wildcard.
func one(list []string, otherwise string) string {
	if len(list) == 0 || list[0] == wildcard {
		return otherwise
	}
	return list[0]
}

// with gives an object with one field replaced.
func with(value ast.Value, name string, field ast.Value) ast.Value {
	object, ok := value.(ast.Object)
	if !ok {
		return value
	}
	out := ast.NewObject()
	object.Foreach(func(k, v *ast.Term) { out.Insert(k, v) })
	out.Insert(ast.StringTerm(name), ast.NewTerm(field))
	return out
}
