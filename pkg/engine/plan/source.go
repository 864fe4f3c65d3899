package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"
	"github.com/open-policy-agent/opa/v1/ir"
)

// ErrUnplanned says that OPA's planner, or this package, does not cover some modules: they
// are to be evaluated by package topdown.
var ErrUnplanned = errors.New("no plan can be made of these modules")

// Compile plans parsed modules, by file, for the rules at some paths below data, slashes
// between their parts. Modules are not changed. Every error is an ErrUnplanned, a panic of the
// planner or over what it made too: whose modules they are may not end the process.
func Compile(ctx context.Context, modules map[string]*ast.Module, rules []string, o Options) (p *Plan, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			p, err = nil, fmt.Errorf("%w: panic: %v", ErrUnplanned, problem)
		}
	}()
	if len(rules) == 0 {
		return nil, fmt.Errorf("%w: no rule is asked for", ErrUnplanned)
	}
	if err := misplanned(modules); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnplanned, err)
	}
	policy, err := planned(ctx, modules, rules, o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnplanned, err)
	}
	if p, err = link(policy, o); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnplanned, err)
	}
	for _, path := range rules {
		if _, ok := p.Rule(path); !ok {
			return nil, fmt.Errorf("%w: the plan has no rule %s", ErrUnplanned, path)
		}
	}
	return p, nil
}

// planned asks OPA's planner, which is reached through a bundle only.
func planned(ctx context.Context, modules map[string]*ast.Module, rules []string, o Options) (*ir.Policy, error) {
	b := &bundle.Bundle{Data: map[string]any{}}
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: file, Path: file, Parsed: modules[file]})
	}
	b.Manifest.Init()
	capabilities := o.Capabilities
	if capabilities == nil {
		capabilities = ast.CapabilitiesForThisVersion()
	}
	c := compile.New().WithBundle(b).WithTarget(compile.TargetPlan).WithEntrypoints(rules...).
		WithPruneUnused(true).WithCapabilities(capabilities)
	if err := c.Build(ctx); err != nil {
		return nil, err
	}
	made := c.Bundle().PlanModules
	if len(made) != 1 {
		return nil, fmt.Errorf("%d plans were made, want one", len(made))
	}
	policy := &ir.Policy{}
	if err := json.Unmarshal(made[0].Raw, policy); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	if policy.Funcs == nil || policy.Static == nil || policy.Plans == nil {
		return nil, errors.New("the plan is empty")
	}
	return policy, nil
}
