package policytest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// Optimizations lists the examples of some rules to which the set answers otherwise, or fails,
// when OPA looks at every rule (no indexing, no early exit). What hides behind them shows on
// another day: with another OPA, or when somebody asks for a trace.
func Optimizations(ctx context.Context, fsys fs.FS, rules ...string) ([]engine.Problem, error) {
	cases, err := Cases(fsys, rules...)
	if err != nil {
		return nil, err
	}
	var programs [2]*engine.Program
	for i, unoptimized := range []bool{false, true} {
		if programs[i], err = engine.Compile(ctx, engine.Options{Policies: fsys, NoCanary: true, Unoptimized: unoptimized}); err != nil {
			return nil, err
		}
	}
	var problems []engine.Problem
	for _, c := range cases {
		input, err := Value(c.Input)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.File, err)
		}
		if text := otherwise(ctx, programs, input); text != "" {
			problems = append(problems, engine.Problem{File: c.File, Text: "without rule indexing and early exit it is answered otherwise: " + text})
		}
	}
	return problems, nil
}

func otherwise(ctx context.Context, programs [2]*engine.Program, input ast.Value) string {
	for _, phase := range []func(*engine.Program) (ast.Value, error){
		func(p *engine.Program) (ast.Value, error) { return p.Eval(ctx, input, nil) },
		func(p *engine.Program) (ast.Value, error) { return p.Mutate(ctx, input, nil) },
	} {
		fast, errFast := phase(programs[0])
		plain, errPlain := phase(programs[1])
		switch {
		case (errFast == nil) != (errPlain == nil):
			return errors.Join(errFast, errPlain).Error()
		case errFast == nil && ast.Compare(fast, plain) != 0:
			return fmt.Sprintf("%v, and with them %v", plain, fast)
		}
	}
	return ""
}
