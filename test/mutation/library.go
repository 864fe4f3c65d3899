package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// libraries are the files of lib/, which rules share; their tests stand beside them.
func libraries(fsys fs.FS) ([]unit, error) {
	files, err := fs.Glob(fsys, "lib/*.rego")
	if err != nil {
		return nil, fmt.Errorf("list libraries: %w", err)
	}
	set := fstest.MapFS{}
	for _, file := range files {
		raw, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("library %s: %w", file, err)
		}
		set[file] = &fstest.MapFile{Data: raw}
	}
	var out []unit
	for _, file := range files {
		if strings.HasSuffix(file, "_test.rego") {
			continue
		}
		// The tests of other libraries are theirs: who notices must be the library's own.
		own := fstest.MapFS{}
		for name, content := range set {
			if !strings.HasSuffix(name, "_test.rego") || name == strings.TrimSuffix(file, ".rego")+"_test.rego" {
				own[name] = content
			}
		}
		out = append(out, unit{name: strings.TrimSuffix(path.Clean(file), ".rego"), file: file, set: own, judge: judgeLibrary})
	}
	return out, nil
}

// judgeLibrary runs the tests of a set of modules that hold no rule.
func judgeLibrary(ctx context.Context, set fstest.MapFS) (outcome, string, error) {
	modules := map[string]*ast.Module{}
	for name, file := range set {
		module, err := ast.ParseModule(name, string(file.Data))
		if err != nil {
			return invalid, err.Error(), nil
		}
		modules[name] = module
	}
	store := inmem.New()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return survived, "", fmt.Errorf("open a store: %w", err)
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().SetCompiler(ast.NewCompiler().WithStrict(true)).SetStore(store).SetModules(modules).RunTests(ctx, txn)
	if err != nil {
		return invalid, err.Error(), nil
	}
	ran, why := 0, ""
	for result := range results {
		ran++
		if !result.Pass() {
			why = fmt.Sprint(result)
		}
	}
	switch {
	case ran == 0:
		return survived, "", fmt.Errorf("no tests in %d files", len(set))
	case why != "":
		return noticed, why, nil
	}
	return survived, "", nil
}
