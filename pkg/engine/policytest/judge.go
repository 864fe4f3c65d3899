package policytest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// judge runs one example and says what is not as expected of the rule.
func (e Example) judge(ctx context.Context, program *engine.Program, rule string, base map[string]any) []string {
	review, err := e.Review(base)
	if err != nil {
		return []string{err.Error()}
	}
	input, err := Value(review)
	if err != nil {
		return []string{err.Error()}
	}
	result, err := decide(ctx, program, input)
	if err != nil {
		return []string{err.Error()}
	}
	out := compareTexts("deny", e.Expect.Deny, result.Denials, rule)
	out = append(out, compareTexts("warn", e.Expect.Warn, result.Warnings, rule)...)
	out = append(out, compareDemands(e.Expect.Demand, result.Demands, rule)...)
	return append(out, compareMutations(e.Expect.Mutate, result.Mutations, rule)...)
}

// decide asks in both phases.
func decide(ctx context.Context, program *engine.Program, input ast.Value) (engine.Result, error) {
	judged, err := program.Eval(ctx, input, nil)
	if err != nil {
		return engine.Result{}, err
	}
	result, err := engine.Decode(judged)
	if err != nil {
		return engine.Result{}, err
	}
	mutated, err := program.Mutate(ctx, input, nil)
	if err != nil {
		return engine.Result{}, err
	}
	mutations, err := engine.Decode(mutated)
	if err != nil {
		return engine.Result{}, err
	}
	result.Mutations = mutations.Mutations
	return result, nil
}

func compareTexts(what string, want []string, got []engine.Finding, rule string) []string {
	var messages, out []string
	for _, f := range got {
		if f.Rule == rule {
			messages = append(messages, f.Msg)
		}
	}
	for _, text := range want {
		if !slices.ContainsFunc(messages, func(m string) bool { return strings.Contains(m, text) }) {
			out = append(out, fmt.Sprintf("expected to %s with %q, got %q", what, text, messages))
		}
	}
	for _, m := range messages {
		if !slices.ContainsFunc(want, func(text string) bool { return strings.Contains(m, text) }) {
			out = append(out, fmt.Sprintf("not expected to %s: %s", what, m))
		}
	}
	return out
}

func compareDemands(want map[string]string, got []engine.Demand, rule string) []string {
	var out []string
	seen := map[string]bool{}
	for _, d := range got {
		if d.Rule != rule {
			continue
		}
		seen[d.Dimension] = true
		amount, err := resource.ParseQuantity(want[d.Dimension])
		if err != nil || amount.Cmp(d.Amount) != 0 {
			out = append(out, fmt.Sprintf("demands %s of %s, expected %q", d.Amount.String(), d.Dimension, want[d.Dimension]))
		}
	}
	for _, dimension := range slices.Sorted(maps.Keys(want)) {
		if !seen[dimension] {
			out = append(out, fmt.Sprintf("demands nothing of %s, expected %s", dimension, want[dimension]))
		}
	}
	return out
}

func compareMutations(want map[string]any, got []engine.Mutation, rule string) []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range got {
		if m.Rule != rule {
			continue
		}
		seen[m.Path] = true
		if !reflect.DeepEqual(want[m.Path], m.Value) {
			out = append(out, fmt.Sprintf("sets %v at %s, expected %v", m.Value, m.Path, want[m.Path]))
		}
	}
	for _, at := range slices.Sorted(maps.Keys(want)) {
		if !seen[at] {
			out = append(out, fmt.Sprintf("sets nothing at %s, expected %v", at, want[at]))
		}
	}
	return out
}
