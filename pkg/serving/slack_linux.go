package serving

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// timerSlack is how late Linux may wake a thread that sleeps. It has 50 µs otherwise, and Go's
// own watcher of its threads sleeps for 20 µs at a time while anything runs: on a core that
// decides one small review after the other a tenth of it was these awakenings. Nothing of ours
// is due more exactly than this.
const timerSlack = time.Millisecond

// RelaxTimers starts the program anew in its place, once, with the timer slack of which threads
// get theirs from the one that makes them: in a program that runs, it is too late for those that
// are there. Call it first in main. Where Linux lets it not be set, everything stays as it is.
func RelaxTimers() {
	runtime.LockOSThread() // of all threads, this one goes on
	defer runtime.UnlockOSThread()
	if slackOf() >= timerSlack {
		return
	}
	program, err := os.Executable()
	if err != nil || unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack.Nanoseconds()), 0, 0, 0) != nil || slackOf() != timerSlack {
		return
	}
	_ = syscall.Exec(program, os.Args, os.Environ()) //nolint:gosec // It is this program.
}

// slackOf is the calling thread's timer slack.
func slackOf() time.Duration {
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return 0
	}
	return time.Duration(slack)
}
