package launch

import (
	"context"
	"fmt"
	"io"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/api"
	"gatehouse.dev/gatehouse/test/cluster/controlplane"
	"gatehouse.dev/gatehouse/test/cluster/process"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// pollEvery is how often readiness is asked while waiting.
const pollEvery = 50 * time.Millisecond

// run is one start of a cluster.
type run struct {
	options   Options
	dir       state.Dir
	out       io.Writer
	started   time.Time
	ports     *state.Ports
	plan      controlplane.Plan
	issuer    string // host:port
	addresses gatehouseAddresses
	remote    *process.Remote
	admin     *api.Client
	objects   []api.Object // of config/default; none when only the control plane starts
}

// say prints a line of progress with the time since the start.
func (r *run) say(format string, args ...any) {
	fmt.Fprintf(r.out, "%6.1fs  %s\n", time.Since(r.started).Seconds(), fmt.Sprintf(format, args...))
}

// start frees the ports held for a process and starts it.
func (r *run) start(ctx context.Context, spec process.Spec, ports ...string) error {
	r.ports.Release(ports...)
	return r.remote.Start(ctx, spec)
}

// ready waits until processes are ready. It fails at once when one ends, and in any
// case after the limit, with the reason and the end of the process's log.
func (r *run) ready(ctx context.Context, limit time.Duration, names ...string) error {
	waiting := map[string]bool{}
	for _, name := range names {
		waiting[name] = true
	}
	deadline := time.Now().Add(limit)
	for {
		reports, err := r.remote.Reports(ctx)
		if err != nil {
			return err
		}
		for _, report := range reports {
			if !waiting[report.Process] {
				continue
			}
			if report.Ready {
				delete(waiting, report.Process)
				r.say("%s is ready", report.Process)
				continue
			}
			if report.PID == 0 || time.Now().After(deadline) {
				return fmt.Errorf("%s is not ready: %s; %s", report.Process, report.Message, process.Tail(r.dir, report.Process, 8))
			}
		}
		if len(waiting) == 0 {
			return nil
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// until repeats what until it works, ctx ends or the limit passes; then it returns the
// last error.
func until(ctx context.Context, limit time.Duration, what func(context.Context) error) error {
	deadline := time.Now().Add(limit)
	for {
		err := what(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %s: %w", limit, err)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
