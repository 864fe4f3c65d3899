package engine

import (
	"context"
	_ "embed"
	"fmt"
)

//go:embed canary.json
var canaryInput []byte

// Canary is a review that a named policy must find fault with.
type Canary struct {
	// Rule is <area>/<rule>.
	Rule string
	// Input is a whole review in JSON.
	Input []byte
}

// DefaultCanary is bob writing into alice's namespace.
func DefaultCanary() Canary {
	return Canary{Rule: "isolation/tenant-membership", Input: canaryInput}
}

// sing tries the canary: a Program that finds nothing wrong with it decides nothing.
func (p *Program) sing(ctx context.Context, given *Canary) error {
	canary := DefaultCanary()
	if given != nil {
		canary = *given
	}
	for _, x := range p.policies {
		if x.rule == canary.Rule && len(enforced([]*policy{x})) == 0 {
			// Somebody switched it off on purpose, with a reason.
			return nil
		}
	}
	input, err := ObjectValue(canary.Input)
	if err != nil {
		return fmt.Errorf("canary of %s: %w", canary.Rule, err)
	}
	answer, err := p.Eval(ctx, input, nil)
	if err != nil {
		return fmt.Errorf("canary of %s: %w", canary.Rule, err)
	}
	result, err := Decode(answer)
	if err != nil {
		return fmt.Errorf("canary of %s: %w", canary.Rule, err)
	}
	for _, list := range [][]Finding{result.Denials, result.Warnings, result.Audited} {
		for _, f := range list {
			if f.Rule == canary.Rule {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %s let it pass", ErrCanary, canary.Rule)
}
