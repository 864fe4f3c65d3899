package serving

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestCollectorPercent(t *testing.T) {
	for live, want := range map[uint64]int{
		0: gcSteepest, 1: gcSteepest, 8 << 20: 1200, 24 << 20: 400, 96 << 20: gcPercent, 1 << 30: gcPercent,
	} {
		if got := collectorPercent(live); got != want {
			t.Errorf("%d bytes held: %d %%, want %d", live, got, want)
		}
	}
}

// tuned runs TuneCollector until the percentage is another one, and gives it.
func tuned(t *testing.T, wait time.Duration) int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- TuneCollector(ctx) }()
	time.Sleep(wait)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return debug.SetGCPercent(100)
}

func TestTuneCollector(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	t.Setenv("GOGC", "50")
	if got := tuned(t, 50*time.Millisecond); got != 100 {
		t.Errorf("GOGC says how: %d %%", got)
	}
	t.Setenv("GOGC", "")
	small := tuned(t, 50*time.Millisecond)
	if small <= gcPercent {
		t.Errorf("little is held: %d %%", small)
	}
	// What is held grows while it looks.
	time.AfterFunc(100*time.Millisecond, runtime.GC)
	held := make([]byte, gcRoom)
	if got := tuned(t, 3*gcLook); got != gcPercent {
		t.Errorf("much is held: %d %%, want %d", got, gcPercent)
	}
	runtime.KeepAlive(held)
}
