package policyset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing/fstest"
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

// testTime bounds one test of a policy under review.
const testTime = time.Second

// maxProblems is how many of a policy's problems are told at once.
const maxProblems = 8

// Review compiles a Policy beside the built-in ones and the origins, as if it were in
// force, runs the tests that it brings and asks it once. The error lists what is wrong,
// each with file and line; it is nil for a Policy that would be in force as it stands.
func (s *Set) Review(ctx context.Context, p *v1alpha1.Policy) error {
	done := make(chan error, 1)
	go func() { done <- s.review(ctx, p) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("it was not compiled and tested in time: %w", ctx.Err())
	}
}

func (s *Set) review(ctx context.Context, p *v1alpha1.Policy) error {
	// One at a time: compiling is the most that anybody can make us do.
	s.mu.Lock()
	units := maps.Clone(s.origins)
	u, err := fromPolicy(p)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	units[u.name] = u
	program, err := s.compile(ctx, units)
	s.mu.Unlock()
	if err != nil {
		return shorten(err)
	}
	if u.origin == nil {
		return nil
	}
	if err := program.Try(ctx, u.rule); err != nil {
		return fmt.Errorf("%s/rule.rego: asked about a small review: %w", u.rule, err)
	}
	return s.test(ctx, u)
}

// test runs the tests beside and inside a policy's rule.
func (s *Set) test(ctx context.Context, u unit) error {
	files := fstest.MapFS{}
	for _, from := range []fs.FS{s.base.Policies, u.origin.Files} {
		err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !neededByTests(name, u.rule) {
				return err
			}
			raw, err := fs.ReadFile(from, name)
			files[name] = &fstest.MapFile{Data: raw}
			return err
		})
		if err != nil {
			return fmt.Errorf("read policies: %w", err)
		}
	}
	problems, err := policytest.RunTests(ctx, files, testTime)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return shorten(&engine.CompileError{Problems: problems})
	}
	return nil
}

func neededByTests(name, rule string) bool {
	return name == "capabilities.json" || strings.HasPrefix(name, "schemas/") || strings.HasPrefix(name, rule+"/") ||
		strings.HasPrefix(name, "lib/") && !strings.HasSuffix(name, "_test.rego")
}

// shorten keeps the first problems of many.
func shorten(err error) error {
	var list *engine.CompileError
	if !errors.As(err, &list) || len(list.Problems) <= maxProblems {
		return err
	}
	return fmt.Errorf("%w; and %d more", &engine.CompileError{Problems: list.Problems[:maxProblems]}, len(list.Problems)-maxProblems)
}
