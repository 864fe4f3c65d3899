package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

// outcome is what became of a mutant.
type outcome int

const (
	survived outcome = iota
	noticed
	// invalid mutants do not compile: they are no rule that anybody could deploy.
	invalid
)

// subset is the part of a set that one rule needs: itself, the libraries and the schemas.
func subset(fsys fs.FS, rule string) (fstest.MapFS, error) {
	out := fstest.MapFS{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		mine := strings.HasPrefix(name, rule+"/")
		library := strings.HasPrefix(name, "lib/") && !strings.HasSuffix(name, "_test.rego")
		if !mine && !library && !strings.HasPrefix(name, "schemas/") && name != "capabilities.json" {
			return nil
		}
		raw, err := fs.ReadFile(fsys, name)
		out[name] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("files of %s: %w", rule, err)
	}
	return out, nil
}

// judge runs the tests and the examples of a set's one rule.
func judge(ctx context.Context, set fstest.MapFS) (outcome, string, error) {
	report, err := policytest.Run(ctx, set)
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		return noticed, err.Error(), nil
	case err != nil:
		return invalid, "", err
	case report.Digest == "":
		return invalid, "", nil
	}
	for _, p := range report.Problems {
		switch {
		case strings.HasPrefix(p.Text, "no test reaches"), strings.HasPrefix(p.Text, "is not formatted"):
			// Not about what the rule says.
		case p.File == "tests":
			return invalid, "", nil
		default:
			return noticed, p.File + ": " + p.Text, nil
		}
	}
	return survived, "", nil
}

// with gives the set with one file replaced.
func with(set fstest.MapFS, name string, source []byte) fstest.MapFS {
	out := fstest.MapFS{}
	for key, file := range set {
		out[key] = file
	}
	out[name] = &fstest.MapFile{Data: source}
	return out
}

// rules are the folders of a set that hold a rule.
func rules(fsys fs.FS) ([]string, error) {
	files, err := fs.Glob(fsys, "*/*/rule.rego")
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	out := make([]string, len(files))
	for i, file := range files {
		out[i] = path.Dir(file)
	}
	return out, nil
}
