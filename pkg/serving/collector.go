package serving

import (
	"context"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"gatehouse.dev/gatehouse/pkg/heap"
)

// A webhook holds its tenants for long and its reviews for a millisecond: each run of the
// collector looks at all the tenants to find the garbage of the reviews. So the heap may grow
// by gcPercent of what is held before it runs, where Go lets it double; GOMEMLIMIT has the
// last word (docs/performance.md).
//
// Where little is held, that would still be every few hundred reviews: gcRoom is what may be
// allocated between two runs in any case. Of a small Pod's review, collecting was a third.
const (
	gcPercent = 250
	gcRoom    = 96 << 20
	// gcSteepest and gcLook bound what a heap may grow to that grows between two looks.
	gcSteepest = 1000
	gcLook     = 100 * time.Millisecond
	// gcLeast is what Go has; it is left to GOMEMLIMIT to collect more often than that.
	gcLeast = 100
)

// TuneCollector keeps the garbage collector tuned for a webhook until ctx ends, unless GOGC
// says how.
func TuneCollector(ctx context.Context) error {
	// Go notes where one allocation in so many came from, for a profile that nobody is given.
	runtime.MemProfileRate = 0
	if os.Getenv("GOGC") != "" {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(gcLook)
	defer ticker.Stop()
	for set := 0; ; {
		// To set it stops the world for a moment, so small differences are let be.
		if want := collectorPercent(heap.Live(), debug.SetMemoryLimit(-1)); math.Abs(float64(want-set)) > float64(set)/10 {
			debug.SetGCPercent(want)
			set = want
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// collectorPercent is how much the heap may grow, of so many bytes that are held: to three quarters
// of the limit, but for gcLeast.
func collectorPercent(live uint64, limit int64) int {
	if live == 0 {
		return gcSteepest
	}
	want := min(gcSteepest, max(gcPercent, gcRoom*100/float64(live)))
	room := (float64(limit)*3/4/float64(live) - 1) * 100
	return int(min(want, max(gcLeast, room)))
}
