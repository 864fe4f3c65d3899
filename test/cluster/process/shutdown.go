package process

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Down ends a cluster whatever state it is in: it asks the supervisor, then kills what
// pid files still prove to be ours.
func Down(ctx context.Context, dir state.Dir) error {
	if remote, err := Connect(dir); err == nil {
		if err := remote.Shutdown(ctx); err == nil {
			// Each layer has its grace and a kill.
			waitGone(ctx, dir, []string{supervisorName}, 2*grace*(LayerGatehouse+1))
		}
	}
	stragglers := running(dir)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for _, name := range stragglers {
			if pid := Recorded(dir, name); pid != 0 {
				signalGroup(pid, signal)
			}
		}
		stragglers = waitGone(ctx, dir, stragglers, grace)
	}
	if len(stragglers) > 0 {
		return fmt.Errorf("still running: %s", strings.Join(stragglers, ", "))
	}
	for _, name := range Names(dir) {
		forget(dir, name)
	}
	return nil
}

// Leftovers are processes of a cluster without a supervisor.
func Leftovers(dir state.Dir) []string {
	if _, err := Connect(dir); !errors.Is(err, ErrDown) {
		return nil
	}
	return running(dir)
}

func running(dir state.Dir) []string {
	var names []string
	for _, name := range Names(dir) {
		if Recorded(dir, name) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// waitGone returns those of names that are still there after the time given.
func waitGone(ctx context.Context, dir state.Dir, names []string, limit time.Duration) []string {
	deadline := time.Now().Add(limit)
	for {
		var left []string
		for _, name := range names {
			if Recorded(dir, name) != 0 {
				left = append(left, name)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) || ctx.Err() != nil {
			return left
		}
		time.Sleep(20 * time.Millisecond)
	}
}
