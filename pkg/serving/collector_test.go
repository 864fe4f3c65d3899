package serving

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestCollectorPercent(t *testing.T) {
	const none = math.MaxInt64
	for name, tt := range map[string]struct {
		live  uint64
		limit int64
		want  int
	}{
		"nothing yet":               {0, none, gcSteepest},
		"next to nothing":           {1, none, gcSteepest},
		"little":                    {24 << 20, none, 400},
		"as much as the room":       {96 << 20, none, gcPercent},
		"much":                      {1 << 30, none, gcPercent},
		"much of what may be":       {300 << 20, 800 << 20, 100},
		"half of what may be":       {200 << 20, 800 << 20, 200},
		"more than may be":          {2 << 30, 1 << 30, gcLeast},
		"little, and little may be": {24 << 20, 96 << 20, 200},
	} {
		if got := collectorPercent(tt.live, tt.limit); got != tt.want {
			t.Errorf("%s: %d %%, want %d", name, got, tt.want)
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
	if got := tuned(t, 20*gcLook); got != gcPercent {
		t.Errorf("much is held: %d %%, want %d", got, gcPercent)
	}
	runtime.KeepAlive(held)
}
