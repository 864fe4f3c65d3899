package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// answerVar is bound to the result document of a question.
const answerVar = ast.Var("answer")

// question is one prepared query: everything that a set of matching policies has to
// say, as one document {policy: {enforcement, deny, warn, demand}} or {policy:
// {enforcement, mutate}}.
type question struct {
	entries  []entry
	body     ast.Body
	compiler ast.QueryCompiler
	rules    []string
	asked    atomic.Uint64
	// planned are the entries that a plan answers, rest asks for the others; without a plan
	// planned is empty and the question is asked as it is.
	planned []plannedEntry
	rest    *question
}

// entry is what is asked of one policy.
type entry struct {
	rule        string
	enforcement v1alpha1.Enforcement
	outputs     []string
}

// newQuestion prepares the query for a set of policies, nil when they have nothing of
// what is wanted.
func newQuestion(compiler *ast.Compiler, policies []*policy, wanted ...string) (*question, error) {
	return askEach(compiler, policies, func(*policy) []string { return wanted })
}

// askEach asks each policy for what is wanted of it.
func askEach(compiler *ast.Compiler, policies []*policy, wanted func(*policy) []string) (*question, error) {
	var entries []entry
	for _, p := range policies {
		e := entry{rule: p.rule, enforcement: p.enforcement}
		for _, name := range wanted(p) {
			if p.outputs[name] {
				e.outputs = append(e.outputs, name)
			}
		}
		if len(e.outputs) > 0 {
			entries = append(entries, e)
		}
	}
	return questionOf(compiler, entries)
}

// questionOf prepares the query for what is asked, nil for nothing.
func questionOf(compiler *ast.Compiler, entries []entry) (*question, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	q := &question{entries: entries}
	var exprs, fields []string
	for _, e := range entries {
		var members []string
		for _, name := range e.outputs {
			v := fmt.Sprintf("v%d", len(exprs))
			exprs = append(exprs, fmt.Sprintf("%s = %s.%s", v, packageOf(e.rule), name))
			members = append(members, fmt.Sprintf("%q: %s", name, v))
		}
		key, err := json.Marshal(e.rule)
		if err != nil {
			return nil, err
		}
		members = append(members, fmt.Sprintf("%q: %q", "enforcement", string(e.enforcement)))
		fields = append(fields, fmt.Sprintf("%s: {%s}", key, strings.Join(members, ", ")))
		q.rules = append(q.rules, e.rule)
	}
	exprs = append(exprs, fmt.Sprintf("%s = {%s}", answerVar, strings.Join(fields, ", ")))
	body, err := ast.ParseBody(strings.Join(exprs, "; "))
	if err != nil {
		return nil, fmt.Errorf("question to %s: %w", strings.Join(q.rules, ", "), err)
	}
	q.compiler = compiler.QueryCompiler()
	if q.body, err = q.compiler.Compile(body); err != nil {
		return nil, fmt.Errorf("question to %s: %w", strings.Join(q.rules, ", "), err)
	}
	return q, nil
}

// enforced drops the policies that are switched off.
func enforced(policies []*policy) []*policy {
	var on []*policy
	for _, p := range policies {
		if p.enforcement != v1alpha1.EnforcementOff {
			on = append(on, p)
		}
	}
	return on
}
