package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/worker"
)

// mercy is how long an evaluation may take to notice that its time is up before it
// counts as stuck.
const mercy = 100 * time.Millisecond

// Watchdog answers in time whatever an evaluation does: some built-ins never look at their
// deadline, and a goroutine cannot be killed, only left behind and counted. Programs that
// follow one another share one, since what is stuck in the last is stuck still.
type Watchdog struct {
	limit int64
	stuck atomic.Int64
}

// evaluators are the goroutines that evaluate; one that is stuck never comes back to them.
var evaluators = worker.New(16)

// maxOrphans is how many evaluations may outlive their answer where nothing else is said.
const maxOrphans = 4

// NewWatchdog refuses to evaluate while so many evaluations outlive their answer; 0 means 4.
func NewWatchdog(most int) *Watchdog {
	if most <= 0 {
		most = maxOrphans
	}
	return &Watchdog{limit: int64(most)}
}

// Stuck is how many evaluations outlive their answer.
func (w *Watchdog) Stuck() int64 { return w.stuck.Load() }

type outcome struct {
	value ast.Value
	err   error
}

// errNoAnswer is what an evaluation that only ended has for an answer.
var errNoAnswer = fmt.Errorf("%w: the evaluation ended without an answer", ErrShape)

// usable is ErrStuck while too many evaluations outlive their answer.
func (w *Watchdog) usable() error {
	if n := w.stuck.Load(); n >= w.limit {
		return fmt.Errorf("%w: %d of %d", ErrStuck, n, w.limit)
	}
	return nil
}

// run evaluates in a goroutine and waits for it no longer than ctx lives.
func (w *Watchdog) run(ctx context.Context, eval func() (ast.Value, error)) (ast.Value, error) {
	if err := w.usable(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	done := make(chan outcome, 1)
	evaluators.Go(func() {
		out := outcome{err: errNoAnswer}
		defer func() {
			if r := recover(); r != nil {
				out = outcome{err: &PanicError{Value: r, Stack: debug.Stack()}}
			}
			done <- out
		}()
		out.value, out.err = eval()
	})
	select {
	case out := <-done:
		return out.value, out.err
	case <-ctx.Done():
		go w.bury(done)
		return nil, fmt.Errorf("%w: %w", ErrTimeout, ctx.Err())
	}
}

// bury waits for an evaluation whose answer nobody wants any more.
func (w *Watchdog) bury(done <-chan outcome) {
	timer := time.NewTimer(mercy)
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	}
	w.stuck.Add(1)
	<-done
	w.stuck.Add(-1)
}
