//go:build !race

package plan_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/test/cases/testdata"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"gatehouse.dev/gatehouse/pkg/engine/plan"
)

// conformance are OPA's own cases.
func conformance(t *testing.T) []cases.TestCase {
	t.Helper()
	var all []cases.TestCase
	err := fs.WalkDir(testdata.V1, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(testdata.V1, path)
		if err != nil {
			return err
		}
		var set cases.Set
		if err := util.Unmarshal(raw, &set); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, set.Cases...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// answers is the rule that stands for a case's query: each binding of its variables.
const answers = "gatehouse_conformance/answers"

// modules of a case, with its query as a rule.
func modules(c cases.TestCase) (map[string]*ast.Module, error) {
	o := ast.ParserOptions{RegoVersion: ast.RegoV1}
	if c.ExperimentalKeywords {
		o.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))
	}
	query, err := ast.ParseBodyWithOpts(c.Query, o)
	if err != nil {
		return nil, err
	}
	var vars []string
	for _, v := range query.Vars(ast.VarVisitorParams{SkipRefCallHead: true, SkipClosures: true}).Diff(ast.ReservedVars).Sorted() {
		if !v.IsWildcard() && !v.IsGenerated() {
			vars = append(vars, fmt.Sprintf("%q: %s", string(v), v))
		}
	}
	text := fmt.Sprintf("package gatehouse_conformance\n\nanswers contains {%s} if {\n\t%s\n}\n", strings.Join(vars, ", "), c.Query)
	out := map[string]*ast.Module{}
	for i, text := range append(c.Modules, text) {
		name := fmt.Sprintf("case-%d.rego", i)
		if out[name], err = ast.ParseModuleWithOpts(name, text, o); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// world is what a case is evaluated over.
func world(c cases.TestCase) (input, data ast.Value, err error) {
	if c.InputTerm != nil {
		term, err := ast.ParseTerm(*c.InputTerm)
		if err != nil {
			return nil, nil, err
		}
		input = term.Value
	} else if c.Input != nil {
		if input, err = ast.InterfaceToValue(*c.Input); err != nil {
			return nil, nil, err
		}
	}
	data = ast.NewObject()
	if c.Data != nil {
		data, err = ast.InterfaceToValue(*c.Data)
	}
	return input, data, err
}

// byTopdown is OPA's evaluator's answer.
func byTopdown(ctx context.Context, c cases.TestCase, modules map[string]*ast.Module) (ast.Value, error) {
	compiler := ast.NewCompiler()
	if c.ExperimentalKeywords {
		compiler = compiler.WithCapabilities(ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true)))
	}
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	query, err := compiler.QueryCompiler().Compile(ast.MustParseBody("answer = data." + strings.ReplaceAll(answers, "/", ".")))
	if err != nil {
		return nil, err
	}
	documents := map[string]any{}
	if c.Data != nil {
		documents = *c.Data
	}
	store := inmem.NewFromObject(documents)
	txn := storage.NewTransactionOrDie(ctx, store)
	input, _, err := world(c)
	if err != nil {
		return nil, err
	}
	q := topdown.NewQuery(query).WithCompiler(compiler).WithStore(store).WithTransaction(txn).WithStrictBuiltinErrors(c.StrictError)
	if input != nil {
		q = q.WithInput(ast.NewTerm(input))
	}
	results, err := q.Run(ctx)
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, fmt.Errorf("%d results", len(results))
	}
	return results[0]["answer"].Value, nil
}

func byPlan(ctx context.Context, c cases.TestCase, modules map[string]*ast.Module) (ast.Value, error) {
	o := plan.Options{Strict: c.StrictError}
	if c.ExperimentalKeywords {
		o.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))
	}
	p, err := plan.Compile(ctx, modules, []string{answers}, o)
	if err != nil {
		return nil, err
	}
	p.Poison()
	rule, _ := p.Rule(answers)
	input, data, err := world(c)
	if err != nil {
		return nil, err
	}
	run := p.Start(ctx, input, data, nil, nil)
	defer run.End()
	return run.Ask(rule)
}

// different are the cases in which a plan answers otherwise, and why.
var different = map[string]string{
	"data/toplevel integer": "a number finds a member of a base document whose key is its text: a path of OPA's store has texts only",
	"data/nested integer":   "a number finds a member of a base document whose key is its text: a path of OPA's store has texts only",
}

// TestConformance asks both evaluators OPA's own cases: they must agree in everything, or
// there must be no plan. Nothing runs at once in it, so it is not there under the race detector,
// where it takes minutes.
func TestConformance(t *testing.T) {
	all := conformance(t)
	if len(all) < 2000 {
		t.Fatalf("%d cases, want OPA's 2,400", len(all))
	}
	var mu sync.Mutex
	unplanned := map[string]int{}
	counts := map[string]int{}
	count := func(what string) { mu.Lock(); counts[what]++; mu.Unlock() }
	t.Run("cases", func(t *testing.T) {
		for i, c := range all {
			t.Run(fmt.Sprintf("%d/%s", i, c.Note), func(t *testing.T) {
				for k, v := range c.Env {
					t.Setenv(k, v)
				}
				parsed, err := modules(c)
				if err != nil {
					count("no rule can stand for its query")
					t.Logf("%s: %v", c.Query, err)
					return
				}
				want, wantErr := byTopdown(t.Context(), c, parsed)
				got, err := byPlan(t.Context(), c, parsed)
				if errors.Is(err, plan.ErrUnplanned) {
					count("no plan")
					mu.Lock()
					unplanned[err.Error()]++
					mu.Unlock()
					t.Log(err)
					return
				}
				count("through both")
				if (err != nil) != (wantErr != nil) {
					t.Fatalf("topdown: %v %v\nplan: %v %v", want, wantErr, got, err)
				}
				var a, b *topdown.Error
				if errors.As(wantErr, &a) && errors.As(err, &b) && a.Code != b.Code {
					t.Errorf("error %s, topdown's is %s", b, a)
				}
				if reason, known := different[c.Note]; known {
					if err != nil || got.Compare(want) == 0 {
						t.Errorf("is no longer different: %s", reason)
					}
					count("different")
					return
				}
				if err == nil && got.Compare(want) != 0 {
					t.Errorf("topdown: %v\nplan:    %v", want, got)
				}
			})
		}
	})
	t.Log(counts)
	if counts["through both"] < 2390 {
		t.Errorf("%d cases went through both, want all but a few", counts["through both"])
	}
	for reason, n := range unplanned {
		t.Logf("%4d without a plan: %s", n, reason)
	}
}
