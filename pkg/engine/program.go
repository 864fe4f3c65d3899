package engine

import (
	"maps"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/cache"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/plan"
	"gatehouse.dev/gatehouse/pkg/review"
)

// Program is a compiled set of policies. It never changes and is safe for concurrent
// use.
type Program struct {
	policies  []*policy
	digest    string
	budget    time.Duration
	watch     *Watchdog
	compiler  *ast.Compiler
	values    cache.InterQueryValueCache
	builtins  map[string]*topdown.Builtin
	questions *questions
	reads     reads
	// plan answers what it covers; nil where nothing was planned. unplanned says why, by
	// policy.
	plan      *plan.Plan
	unplanned map[string]error
	// constraints are asked beside the policies; nil while the canary sings.
	constraints *Constraints
	// indexing is switched off only to compare answers.
	indexing bool
}

// RuleInfo describes one policy of a Program.
type RuleInfo struct {
	// Rule is <area>/<rule>.
	Rule        string               `json:"rule"`
	Title       string               `json:"title"`
	Description string               `json:"description"`
	Match       Match                `json:"match"`
	Enforcement v1alpha1.Enforcement `json:"enforcement"`
	Parameters  map[string]any       `json:"parameters,omitempty"`
	// Outputs are the rules it has, of deny, warn, mutate and demand.
	Outputs []string `json:"outputs"`
}

// Digest names the set: sources, libraries, schema, capabilities, parameters and
// enforcement, as sha256:<hex>.
func (p *Program) Digest() string { return p.digest }

// Rules describes the policies, by name, and then the constraints.
func (p *Program) Rules() []RuleInfo {
	infos := make([]RuleInfo, 0, len(p.policies))
	for _, x := range p.policies {
		info := RuleInfo{Rule: x.rule, Title: x.meta.title, Description: x.meta.description,
			Match: x.meta.match, Enforcement: x.enforcement, Parameters: maps.Clone(x.parameters)}
		for _, name := range []string{outDeny, outWarn, outDemand, outMutate} {
			if x.outputs[name] {
				info.Outputs = append(info.Outputs, name)
			}
		}
		infos = append(infos, info)
	}
	return append(infos, p.constraints.rules()...)
}

// Matches reports whether any policy that is not off looks at such a review.
func (p *Program) Matches(group, kind string, op string) bool {
	c, ok := p.questions.find(group, kind, review.Operation(op))
	return !ok || c.matches || p.constraints.mayMatch(group, kind)
}

// Mutates reports whether any policy that is not off may set something in such a
// review: where not, Mutate needs no call and no input.
func (p *Program) Mutates(group, kind string, op string) bool {
	c, ok := p.questions.find(group, kind, review.Operation(op))
	return !ok || c.mutate != nil
}

// Usable is nil while the Program answers and ErrStuck from Options.MaxOrphans orphans
// on, when it refuses to work: report unready. It may become usable again.
func (p *Program) Usable() error { return p.watch.usable() }

// Orphans counts evaluations that still run although their answer was given up.
func (p *Program) Orphans() int { return int(p.watch.stuck.Load()) }
