package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// testRun is what OPA's own test runner found, by policy.
type testRun struct {
	tests    map[string]int
	coverage map[string]float64
	problems []engine.Problem
}

// runTests runs every test of the set under the set's own allow-list, and looks for
// lines that none of them reaches. The files are taken as they stand, so plain
// `opa test --v1-compatible` gives the same answer.
func runTests(ctx context.Context, fsys fs.FS, files map[string][]byte) (testRun, error) {
	covered := cover.New()
	out, modules, err := run(ctx, fsys, files, 30*time.Second, covered)
	if err == nil && len(modules) > 0 {
		out.measure(covered.Report(modules))
	}
	return out, err
}

// RunTests runs the tests of a set, each for at most limit, and lists those that fail.
// Coverage is not asked for.
func RunTests(ctx context.Context, fsys fs.FS, limit time.Duration) ([]engine.Problem, error) {
	files, err := regoFiles(fsys)
	if err != nil {
		return nil, err
	}
	out, _, err := run(ctx, fsys, files, limit, nil)
	return out.problems, err
}

// run gives the modules back when the tests ran.
func run(ctx context.Context, fsys fs.FS, files map[string][]byte, limit time.Duration, covered *cover.Cover) (testRun, map[string]*ast.Module, error) {
	out := testRun{tests: map[string]int{}, coverage: map[string]float64{}}
	compiler, err := newCompiler(fsys)
	if err != nil {
		return out, nil, err
	}
	modules := map[string]*ast.Module{}
	for name, source := range files {
		module, err := ast.ParseModuleWithOpts(name, string(source), ast.ParserOptions{ProcessAnnotation: true})
		if err != nil {
			out.problems = append(out.problems, engine.Problem{File: name, Text: err.Error()})
			continue
		}
		modules[name] = module
	}
	store := inmem.New()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return out, nil, fmt.Errorf("run tests: %w", err)
	}
	defer store.Abort(ctx, txn)
	runner := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(modules).
		RaiseBuiltinErrors(true).
		SetTimeout(limit)
	if covered != nil {
		runner = runner.SetCoverageQueryTracer(covered)
	}
	results, err := runner.RunTests(ctx, txn)
	if err != nil {
		out.problems = append(out.problems, engine.Problem{File: "tests", Text: err.Error()})
		return out, nil, nil
	}
	for result := range results {
		out.tests[path.Dir(result.Location.File)]++
		if !result.Pass() {
			out.problems = append(out.problems, failure(result))
		}
	}
	return out, modules, nil
}

func failure(result *tester.Result) engine.Problem {
	text := result.Name + " failed"
	switch {
	case result.Error != nil:
		text = fmt.Sprintf("%s: %v", result.Name, result.Error)
	case result.Skip:
		text = result.Name + " is skipped: a test that does not run proves nothing"
	}
	return engine.Problem{File: result.Location.File, Line: result.Location.Row, Text: text}
}

// measure wants every line of rules and libraries covered.
func (t *testRun) measure(report cover.Report) {
	for _, name := range slices.Sorted(maps.Keys(report.Files)) {
		file := report.Files[name]
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		t.coverage[path.Dir(name)] = file.Coverage
		seen := map[int]bool{}
		for _, r := range file.NotCovered {
			if seen[r.Start.Row] {
				continue
			}
			seen[r.Start.Row] = true
			t.problems = append(t.problems, engine.Problem{File: name, Line: r.Start.Row,
				Text: fmt.Sprintf("no test reaches lines %d to %d", r.Start.Row, r.End.Row)})
		}
	}
}

func newCompiler(fsys fs.FS) (*ast.Compiler, error) {
	raw, err := fs.ReadFile(fsys, "capabilities.json")
	if err != nil {
		return nil, fmt.Errorf("run tests: %w", err)
	}
	allowed, err := ast.LoadCapabilitiesJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("capabilities.json: %w", err)
	}
	// The runner itself marks the cases of a test with this one.
	for _, b := range ast.Builtins {
		if b.Name == "internal.test_case" {
			allowed.Builtins = append(allowed.Builtins, b)
		}
	}
	compiler := ast.NewCompiler().WithCapabilities(allowed)
	raw, err = fs.ReadFile(fsys, "schemas/input.json")
	if errors.Is(err, fs.ErrNotExist) {
		return compiler, nil // a folder of policies need not bring a schema
	}
	if err != nil {
		return nil, fmt.Errorf("schemas/input.json: %w", err)
	}
	var schema any
	if err := json.Unmarshal(raw, &schema); err != nil {
		return nil, fmt.Errorf("schemas/input.json: %w", err)
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, schema)
	return compiler.WithSchemas(set), nil
}
