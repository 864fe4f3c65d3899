package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// errBlind is a watch that ended: what it would have shown is not known.
var errBlind = errors.New("the watch on tenants ended")

// left is how many created Tenants were not seen Ready.
func (a *arrivals) left() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for name := range a.answered {
		if _, ready := a.readyAt[name]; !ready {
			n++
		}
	}
	return n
}

// missing names those that are left, with what they say, a few of them.
func (a *arrivals) missing() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []error
	for _, name := range slices.Sorted(maps.Keys(a.answered)) {
		if _, ready := a.readyAt[name]; !ready && len(out) < 10 {
			out = append(out, fmt.Errorf("tenant %s: %s", name, cmp.Or(a.conditions[name], "no conditions")))
		}
	}
	return errors.Join(out...)
}

// all returns when every created Tenant was seen Ready.
func (a *arrivals) all(ctx context.Context, say func(string, ...any)) error {
	tell := time.NewTicker(5 * time.Second)
	defer tell.Stop()
	for left := a.left(); left > 0; left = a.left() {
		select {
		case <-a.news:
		case <-tell.C:
			say("  %d are not Ready yet", left)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-a.blind:
			return errBlind
		}
	}
	return nil
}

// take gives how long each Tenant took from the answer of its create to Ready, the fastest
// first, and forgets them.
func (a *arrivals) take() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []time.Duration
	for name, at := range a.answered {
		// One that was seen Ready before its answer was read took no time.
		out = append(out, max(0, a.readyAt[name].Sub(at)))
	}
	clear(a.answered)
	slices.Sort(out)
	return out
}
