package crd

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	maxTries = 12
	// reserveTries is more than those who wait for an answer have time for, as a rule.
	reserveTries = 50
	firstPause   = 4 * time.Millisecond
	maxPause     = 120 * time.Millisecond
	maxYield     = 50 * time.Millisecond
)

// pause waits before a try, a random part of a span that doubles each time, so that
// those who collided do not meet again. The first try, number 0, does not wait.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return nil
	}
	span := min(firstPause<<min(try-1, 8), maxPause)
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(span)))) //nolint:gosec // Jitter keeps no secret.
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// yield leaves a ledger to other writers for a while after a write. Who has just written
// knows what is stored and writes again at once; those who must read it first would lose to
// him each time. What comes meanwhile goes together.
func yield(took time.Duration) {
	span := min(took, maxYield)
	time.Sleep(span + time.Duration(rand.Int64N(int64(span)+1))) //nolint:gosec // Jitter keeps no secret.
}
