package engine

import (
	"slices"

	"gatehouse.dev/gatehouse/pkg/review"
)

// Asked counts, by policy, how often it was asked to judge since the Program was made.
func (p *Program) Asked() map[string]uint64 {
	out := map[string]uint64{}
	seen := map[*question]bool{}
	for _, row := range p.questions.cells {
		for _, c := range row {
			if c.judge == nil || seen[c.judge] {
				continue
			}
			seen[c.judge] = true
			if n := c.judge.asked.Load(); n > 0 {
				for _, rule := range c.judge.rules {
					out[rule] += n
				}
			}
		}
	}
	return out
}

// forget begins the counts anew: what was asked before is the canary.
func (t *questions) forget() {
	for _, row := range t.cells {
		for _, c := range row {
			if c.judge != nil {
				c.judge.asked.Store(0)
			}
		}
	}
}

// Asks lists the policies that are asked to judge such a review, by name.
func (p *Program) Asks(group, kind, op string) []string {
	c, ok := p.questions.find(group, kind, review.Operation(op))
	if !ok || c.judge == nil {
		return nil
	}
	return slices.Clone(c.judge.rules)
}
