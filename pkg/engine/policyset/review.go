package policyset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	select {
	case s.reviewing <- struct{}{}:
		defer func() { <-s.reviewing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	u, err := fromPolicy(p)
	if err != nil {
		return err
	}
	if err := s.clash(u); err != nil {
		return err
	}
	program, err := s.alone(ctx, u)
	if err != nil {
		return shorten(err)
	}
	if u.origin == nil {
		return nil
	}
	if err := program.Try(ctx, u.rule); err != nil {
		return fmt.Errorf("%s/rule.rego: asked about a small review: %w", u.rule, err)
	}
	if u.tests == "" {
		return nil
	}
	problems, err := policytest.RunTests(ctx, s.around(u, true), testTime)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return shorten(&engine.CompileError{Problems: problems})
	}
	return nil
}

// clash refuses a rule of its own under a name that is there, and settings for one that
// is not.
func (s *Set) clash(u unit) error {
	has := func(files fs.FS) bool {
		_, err := fs.Stat(files, u.rule+"/rule.rego")
		return err == nil
	}
	from := ""
	if has(s.base.Policies) {
		from = "the built-in policies"
	}
	s.told.Lock()
	for _, o := range s.origins {
		if has(o.origin.Files) {
			from = o.name
		}
	}
	s.told.Unlock()
	switch {
	case u.origin != nil && from != "":
		return fmt.Errorf("%s is there already, from %s: leave spec.rego out to set it up, or take another name", u.rule, from)
	case u.origin == nil && from == "":
		return fmt.Errorf("there is no rule %s to set up, and spec.rego brings none", u.rule)
	}
	return nil
}

// alone compiles one unit with the libraries, and no other rule but the one it sets up:
// what the others say has no part in whether this one is well made.
func (s *Set) alone(ctx context.Context, u unit) (*engine.Program, error) {
	one := *s
	one.base.Policies = s.around(u, false)
	one.base.Parameters = map[string]map[string]any{}
	if given, ok := s.base.Parameters[u.rule]; ok {
		one.base.Parameters[u.rule] = given
	}
	one.base.Enforcement, one.base.TestsOptional, one.base.Watchdog = nil, true, s.trying
	one.base.NoCanary = s.base.NoCanary || u.rule != engine.DefaultCanary().Rule
	return one.compile(ctx, map[string]unit{u.name: u})
}

// around gives the files that a unit needs beside its own, and those of the rule that it
// sets up.
func (s *Set) around(u unit, own bool) fs.FS {
	files := fstest.MapFS{}
	sources := []fs.FS{s.base.Policies}
	s.told.Lock()
	for _, o := range s.origins {
		sources = append(sources, o.origin.Files)
	}
	s.told.Unlock()
	if own {
		sources = append(sources, u.origin.Files)
	}
	for _, from := range sources {
		// Trees in memory, or embedded: walking them cannot fail.
		_ = fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !needed(name, u.rule) {
				return err
			}
			raw, err := fs.ReadFile(from, name)
			files[name] = &fstest.MapFile{Data: raw}
			return err
		})
	}
	return files
}

func needed(name, rule string) bool {
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
