package drive

import (
	"context"
	"runtime"
	"syscall"
	"time"
)

// dense is a rate, in reviews a second, from which on nobody looks at single latencies: a schedule
// then wakes once in pause, and leaves its core to those who send.
const (
	dense = 20_000
	pause = time.Millisecond
)

// schedule gives the moments at which reviews are due. A thread of its own sleeps until each:
// Go's timers fire up to a millisecond late, which is more than most answers take.
func schedule(ctx context.Context, length time.Duration, rate float64) <-chan time.Time {
	n := int(length.Seconds() * rate)
	var least time.Duration
	if rate >= dense {
		least = pause
	}
	due := make(chan time.Time, n+1)
	go func() {
		defer close(due)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		began := time.Now()
		for i := range n {
			at := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
			for wait := time.Until(at); wait > 0; wait = time.Until(at) {
				sleep := syscall.NsecToTimespec(int64(max(wait, least)))
				_ = syscall.Nanosleep(&sleep, nil) // a signal, of which Go sends some, may cut it short
			}
			if ctx.Err() != nil {
				return
			}
			due <- at
		}
	}()
	return due
}
