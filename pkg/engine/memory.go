package engine

import (
	"math"
	"runtime/debug"
	"time"

	"gatehouse.dev/gatehouse/pkg/heap"
)

// Memory has no owner in Go: what one evaluation holds cannot be told from what another
// does. So when half of what the process may have (GOMEMLIMIT) is in use, evaluations that
// took suspectAfter already are given up: nothing honest takes so long.
const (
	suspectAfter = 50 * time.Millisecond
	// memoryGlance is how often a suspect looks.
	memoryGlance = 10 * time.Millisecond
)

// memoryShort reports whether the process holds more than half of its limit. Without a limit
// it never does.
func memoryShort() bool {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		return false
	}
	return heap.Live() > uint64(limit)/2 //nolint:gosec // A limit is not negative.
}
