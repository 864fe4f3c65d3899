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
	body     ast.Body
	compiler ast.QueryCompiler
	rules    []string
	asked    atomic.Uint64
}

// newQuestion prepares the query for a set of policies, nil when they have nothing of
// what is wanted.
func newQuestion(compiler *ast.Compiler, policies []*policy, wanted ...string) (*question, error) {
	return askEach(compiler, policies, func(*policy) []string { return wanted })
}

// askEach asks each policy for what is wanted of it.
func askEach(compiler *ast.Compiler, policies []*policy, wanted func(*policy) []string) (*question, error) {
	q := &question{}
	var exprs, fields []string
	for _, p := range policies {
		entry := []string{}
		for _, name := range wanted(p) {
			if !p.outputs[name] {
				continue
			}
			v := fmt.Sprintf("v%d", len(exprs))
			exprs = append(exprs, fmt.Sprintf("%s = %s.%s", v, packageOf(p.rule), name))
			entry = append(entry, fmt.Sprintf("%q: %s", name, v))
		}
		if len(entry) == 0 {
			continue
		}
		key, err := json.Marshal(p.rule)
		if err != nil {
			return nil, err
		}
		entry = append(entry, fmt.Sprintf("%q: %q", "enforcement", string(p.enforcement)))
		fields = append(fields, fmt.Sprintf("%s: {%s}", key, strings.Join(entry, ", ")))
		q.rules = append(q.rules, p.rule)
	}
	if len(fields) == 0 {
		return nil, nil
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
