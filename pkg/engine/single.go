package engine

import (
	"context"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Single is one policy of a Program, prepared to be asked by itself, as it would be asked
// among the others: to see what it costs.
type Single struct {
	Rule     string
	program  *Program
	question *question
}

// Singles gives the policies that judge the review in input.
func (p *Program) Singles(input ast.Value) ([]*Single, error) {
	fitting, err := p.fitting(input)
	if err != nil {
		return nil, err
	}
	out := make([]*Single, 0, len(fitting))
	for _, x := range fitting {
		q, err := newQuestion(p.compiler, []*policy{x}, outDeny, outWarn, outDemand)
		if err != nil {
			return nil, err
		}
		if err := p.planned(q); err != nil {
			return nil, err
		}
		out = append(out, &Single{x.rule, p, q})
	}
	return out, nil
}

// Single gives a policy with everything that it has, what it would set included; nil for
// one that is not there.
func (p *Program) Single(rule string) (*Single, error) {
	for _, x := range p.policies {
		if x.rule == rule {
			q, err := newQuestion(p.compiler, []*policy{x}, outDeny, outWarn, outDemand, outMutate)
			if err == nil {
				err = p.planned(q)
			}
			return &Single{rule, p, q}, err
		}
	}
	return nil, nil
}

// Eval asks it alone. See Program.Eval.
func (s *Single) Eval(ctx context.Context, input ast.Value, data Snapshot) (ast.Value, error) {
	return s.program.ask(ctx, s.question, input, data)
}
