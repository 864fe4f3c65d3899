package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// withBuiltin lets a set call test.f, which does what it is told and ignores deadlines.
func withBuiltin(f func() error) func(*Options) {
	decl := &ast.Builtin{Name: "test.f", Decl: types.NewFunction(types.Args(types.A), types.B)}
	run := func(_ topdown.BuiltinContext, _ []*ast.Term, iter func(*ast.Term) error) error {
		if err := f(); err != nil {
			return err
		}
		return iter(ast.BooleanTerm(true))
	}
	return func(o *Options) {
		o.decls = map[string]*ast.Builtin{decl.Name: decl}
		o.builtins = map[string]*topdown.Builtin{decl.Name: {Decl: decl, Func: run}}
	}
}

var calling = map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if test.f(input.caller)\n"}

// waitFor gives slow machines time.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never saw %s", what)
}

// TestStuckOutlivesASwap: Programs that follow one another count together.
func TestStuckOutlivesASwap(t *testing.T) {
	release := make(chan struct{})
	dog := NewWatchdog(1)
	blocks := withBuiltin(func() error { <-release; return nil })
	last := compiled(t, calling, blocks, func(o *Options) { o.Watchdog = dog })
	next := compiled(t, calling, blocks, func(o *Options) { o.Watchdog = dog })
	alone := compiled(t, calling, blocks, func(o *Options) { o.MaxOrphans = 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	input := write(t, "", "Pod", "CREATE", map[string]any{"caller": map[string]any{}})
	if _, err := last.Eval(ctx, input, nil); !errors.Is(err, ErrTimeout) {
		t.Fatalf("a blocked evaluation: %v", err)
	}
	waitFor(t, "the orphan counted", func() bool { return next.Orphans() == 1 })
	if err := next.Usable(); !errors.Is(err, ErrStuck) {
		t.Errorf("the next one is usable: %v", err)
	}
	if err := alone.Usable(); err != nil {
		t.Errorf("one with its own watchdog: %v", err)
	}
	close(release)
	waitFor(t, "the orphan gone", func() bool { return next.Usable() == nil })
}

func TestWatchdogAnswersForWhatBlocks(t *testing.T) {
	release := make(chan struct{})
	p := compiled(t, calling, withBuiltin(func() error { <-release; return nil }), func(o *Options) { o.MaxOrphans = 2 })
	input := write(t, "", "Pod", "CREATE", map[string]any{"caller": map[string]any{}})
	for i := range 2 {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		_, err := p.Eval(ctx, input, nil)
		cancel()
		if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("evaluation %d: %v", i, err)
		}
		waitFor(t, "the orphan counted", func() bool { return p.Orphans() == i+1 })
		if err := p.Usable(); errors.Is(err, ErrStuck) != (i == 1) {
			t.Errorf("with %d orphans: usable %v", i+1, err)
		}
	}
	if _, err := p.Eval(context.Background(), input, nil); !errors.Is(err, ErrStuck) {
		t.Errorf("a third evaluation got %v, want %v", err, ErrStuck)
	}
	close(release)
	waitFor(t, "the orphans gone", func() bool { return p.Orphans() == 0 })
	if _, err := p.Eval(context.Background(), input, nil); err != nil || p.Usable() != nil {
		t.Errorf("after they are gone: %v, usable %v", err, p.Usable())
	}
}

func TestOwnBudget(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	p := compiled(t, calling, withBuiltin(func() error { <-release; return nil }), func(o *Options) { o.Timeout = 20 * time.Millisecond })
	_, err := p.Eval(context.Background(), write(t, "", "Pod", "CREATE", map[string]any{"caller": map[string]any{}}), nil)
	if !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v, want %v", err, ErrTimeout)
	}
}

// TestLoopStops evaluates what would take hours: OPA itself stops it, and it is no orphan.
func TestLoopStops(t *testing.T) {
	p := compiled(t, map[string]string{"a/b": `package a.b

digits := [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

deny contains "no" if {
	some a in digits
	some b in digits
	some c in digits
	some d in digits
	some e in digits
	some f in digits
	some g in digits
	some h in digits
	some i in digits
	some j in digits
	((((((((a + b) + c) + d) + e) + f) + g) + h) + i) + j == 1000
}
`}, func(o *Options) { o.Timeout = 50 * time.Millisecond })
	_, err := p.Eval(context.Background(), write(t, "", "Pod", "CREATE"), nil)
	if !errors.Is(err, ErrTimeout) {
		t.Fatalf("got %v, want %v", err, ErrTimeout)
	}
	time.Sleep(2 * mercy)
	waitFor(t, "no orphan", func() bool { return p.Orphans() == 0 })
}

func TestCancelledBefore(t *testing.T) {
	p := compiled(t, map[string]string{"a/b": "package a.b\n\ndeny contains \"no\"\n"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Eval(ctx, write(t, "", "Pod", "CREATE"), nil); !errors.Is(err, ErrTimeout) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPanicIsAnError(t *testing.T) {
	p := compiled(t, calling, withBuiltin(func() error { panic("boom") }))
	input := write(t, "", "Pod", "CREATE", map[string]any{"caller": map[string]any{}})
	_, err := p.Eval(context.Background(), input, nil)
	if err == nil || !strings.Contains(err.Error(), "boom") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want a line that names the panic", err)
	}
	var caught *PanicError
	if !errors.As(err, &caught) || len(caught.Stack) == 0 {
		t.Errorf("got %T, want a *PanicError with its stack", err)
	}
}

func TestBuiltinErrorIsAnError(t *testing.T) {
	p := compiled(t, calling, withBuiltin(func() error { return errors.New("cannot say") }))
	_, err := p.Eval(context.Background(), write(t, "", "Pod", "CREATE", map[string]any{"caller": map[string]any{}}), nil)
	if err == nil || !strings.Contains(err.Error(), "cannot say") {
		t.Errorf("got %v", err)
	}
}
