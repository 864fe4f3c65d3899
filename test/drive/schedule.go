package drive

import (
	"context"
	"runtime"
	"syscall"
	"time"
)

// schedule gives the moments at which reviews are due. A thread of its own sleeps until each:
// Go's timers fire up to a millisecond late, which is more than most answers take.
func schedule(ctx context.Context, length time.Duration, rate float64) <-chan time.Time {
	n := int(length.Seconds() * rate)
	due := make(chan time.Time, n+1)
	go func() {
		defer close(due)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		began := time.Now()
		for i := range n {
			at := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
			if wait := time.Until(at); wait > 0 {
				pause := syscall.NsecToTimespec(int64(wait))
				_ = syscall.Nanosleep(&pause, nil) // a signal may cut it short; then one is early by that
			}
			if ctx.Err() != nil {
				return
			}
			due <- at
		}
	}()
	return due
}
