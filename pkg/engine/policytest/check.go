package policytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/format"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// regoFiles reads every Rego file of a set.
func regoFiles(fsys fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".rego") {
			return err
		}
		files[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	return files, nil
}

// Format gives a Rego file as opa fmt writes it.
func Format(name string, source []byte) ([]byte, error) {
	return format.Source(name, source)
}

func checkFormat(files map[string][]byte) []engine.Problem {
	var problems []engine.Problem
	for _, name := range slices.Sorted(maps.Keys(files)) {
		want, err := Format(name, files[name])
		switch {
		case err != nil:
			// The compiler says it better.
		case !bytes.Equal(want, files[name]):
			problems = append(problems, engine.Problem{File: name, Line: firstDifference(want, files[name]),
				Text: "is not formatted as opa fmt writes it"})
		}
	}
	return problems
}

func firstDifference(a, b []byte) int {
	line := 1
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '\n' {
			line++
		}
	}
	return line
}

// compile builds the set, with the canary where its policy is part of it.
func compile(ctx context.Context, fsys fs.FS) (*engine.Program, []engine.Problem, error) {
	_, err := fs.Stat(fsys, engine.DefaultCanary().Rule)
	program, err := engine.Compile(ctx, engine.Options{Policies: fsys, NoCanary: err != nil})
	var list *engine.CompileError
	switch {
	case errors.As(err, &list):
		return nil, list.Problems, nil
	case err != nil:
		return nil, nil, err
	}
	return program, nil, nil
}
