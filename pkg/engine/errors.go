package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// What an evaluation may fail with. All of them mean "not decided".
var (
	// ErrTimeout: the policies did not answer within the budget.
	ErrTimeout = errors.New("policy evaluation timed out")
	// ErrStuck: too many evaluations outlive their answer; the process needs a restart.
	ErrStuck = errors.New("too many policy evaluations are stuck")
	// ErrMemory: the process is short of memory, and the policies took long already.
	ErrMemory = errors.New("policy evaluation given up, memory is short")
	// ErrShape: a result or an input is not of the agreed shape.
	ErrShape = errors.New("odd shape")
	// ErrConflict: two policies contradict each other.
	ErrConflict = errors.New("policies conflict")
	// ErrCanary: a set of policies let the built-in review pass that must be denied.
	ErrCanary = errors.New("canary was not denied")
)

// EvalError is a failure inside a policy: a built-in's, or a rule with two values.
type EvalError struct {
	// File and Line of the policy.
	File string
	Line int
	// Code is OPA's, for instance eval_conflict_error.
	Code string
	Text string
}

// Error reads file:line: code: text.
func (e *EvalError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Code, e.Text)
}

// evalError keeps the first line only: further lines list values, which may be anything
// that somebody wrote into an object.
func evalError(err *topdown.Error) *EvalError {
	text, _, _ := strings.Cut(err.Message, "\n")
	out := &EvalError{Code: err.Code, Text: strings.TrimSuffix(text, ":")}
	if err.Location != nil {
		out.File, out.Line = err.Location.File, err.Location.Row
	}
	return out
}

// PanicError is a panic of the evaluation, caught.
type PanicError struct {
	Value any
	// Stack is for the log; Error leaves it out.
	Stack []byte
}

// Error names the panic in a line.
func (e *PanicError) Error() string { return fmt.Sprintf("panic in policy evaluation: %v", e.Value) }

// Problem is one reason why a set of policies does not compile.
type Problem struct {
	// File inside the set of policies; Line counts from 1, 0 where there is none.
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text"`
}

// String reads file:line: text.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// CompileError lists everything found wrong in a set of policies.
type CompileError struct{ Problems []Problem }

// Error gives one problem a line.
func (e *CompileError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (e *CompileError) add(file string, line int, format string, args ...any) {
	e.Problems = append(e.Problems, Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

// addOPA takes over OPA's errors with their places.
func (e *CompileError) addOPA(file string, err error) {
	var list ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &list):
		for _, item := range list {
			e.addOne(file, item)
		}
	case errors.As(err, &one):
		e.addOne(file, one)
	default:
		e.add(file, 0, "%v", err)
	}
}

func (e *CompileError) addOne(file string, err *ast.Error) {
	line := 0
	if err.Location != nil {
		line = err.Location.Row
		if err.Location.File != "" {
			file = err.Location.File
		}
	}
	text := err.Code + ": " + err.Message
	if err.Details != nil {
		for _, detail := range err.Details.Lines() {
			text += " " + strings.TrimSpace(detail)
		}
	}
	text = parameterText.ReplaceAllString(text, "input.parameters")
	e.add(file, line, "%s", text)
}

func (e *CompileError) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}
