package engine

import (
	"io/fs"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// Options say what to compile. Only Policies is needed.
type Options struct {
	// Policies holds <area>/<rule>/{rule.rego, rule_test.rego}, lib/*.rego,
	// capabilities.json and schemas/input.json.
	Policies fs.FS
	// More are further origins of policies.
	More []Origin
	// Parameters replaces defaults of a policy's METADATA, by policy (<area>/<rule>)
	// and key. An unknown policy or key, or a value of another type, is an error.
	Parameters map[string]map[string]any
	// Enforcement by policy; absent means deny.
	Enforcement map[string]v1alpha1.Enforcement
	// Narrow lets a policy see only what fits here too; an empty list narrows nothing.
	Narrow map[string]Match
	// Exemptions by policy let tenants past it.
	Exemptions map[string][]Exemption
	// Delegable parameters by policy, which each organization may set for itself.
	Delegable map[string]Delegation
	// PodKinds are kinds that become Pods, as <group>/<kind>: whoever judges Pods judges
	// them too, through input.expansion.
	PodKinds []string
	// Constraints in Gatekeeper's format are asked beside the policies, those of them that
	// are enforced at Point; empty means the webhook.
	Constraints *gatekeeper.Set
	Point       gatekeeper.Point
	// Capabilities is the allow-list of built-ins in OPA's own format; nil reads
	// capabilities.json of Policies. Without either nothing compiles.
	Capabilities []byte
	// Canary is a review that must not pass; nil takes DefaultCanary.
	Canary *Canary
	// TestsOptional takes rules that were shipped without their tests.
	TestsOptional bool
	// NoCanary skips it, for sets of policies that are looked at alone.
	NoCanary bool
	// Timeout bounds one evaluation beside the context's deadline; 0 means 2 s.
	Timeout time.Duration
	// MaxOrphans is how many evaluations may outlive their answer before every further
	// one is refused; 0 means 4.
	MaxOrphans int
	// Watchdog counts those of several Programs together, in place of MaxOrphans; nil makes
	// one for this Program.
	Watchdog *Watchdog
	// Unoptimized switches rule indexing, comprehension indices and early exit off: to
	// prove that they change no answer, and where a tracer must see every comparison.
	Unoptimized bool
	// NoPlan asks everything through OPA's own evaluator, to prove that a plan changes no
	// answer: what is tried is to be tried as it will be in force.
	NoPlan bool

	// builtins are extra functions that a test brings along.
	builtins map[string]*topdown.Builtin
	decls    map[string]*ast.Builtin
}

// Snapshot is what policies read under data.facts beside their input: an immutable
// document, shared by all evaluations that see it.
type Snapshot interface {
	Document() ast.Value
}
