package session

import (
	"fmt"
	"math"
	"time"

	"gatehouse.dev/gatehouse/pkg/tenant"
)

// DimensionLength is the limit on how long one session runs, in seconds.
const DimensionLength = "session-length"

// defaultTimeout is what a session asks for that names none, in seconds.
const defaultTimeout = 300

// bound is the longest that a session may run.
type bound struct {
	// seconds is math.MaxInt32 where a limit says unlimited.
	seconds int64
	// source reads like "tier standard".
	source string
}

// boundOf takes the limit that is in force for the tenant, else the installation's.
func boundOf(limits map[string]tenant.Limit, installation time.Duration) bound {
	limit, ok := limits[DimensionLength]
	switch {
	case !ok:
		return bound{int64(installation / time.Second), "the installation"}
	case limit.Unlimited:
		return bound{math.MaxInt32, limit.Source}
	}
	// A fraction of a second is not granted.
	seconds := limit.Amount.Value()
	if rest := limit.Amount.DeepCopy(); rest.CmpInt64(seconds) < 0 {
		seconds--
	}
	return bound{min(max(seconds, 0), math.MaxInt32), limit.Source}
}

// deadline is a session's time in seconds, and in words where it is less than asked for.
func deadline(asked int64, b bound) (seconds int64, shortened string) {
	if asked <= 0 {
		asked = defaultTimeout
	}
	if asked <= b.seconds {
		return asked, ""
	}
	return b.seconds, fmt.Sprintf("spec.timeout of %d s was shortened to the %d s of %s", asked, b.seconds, b.source)
}
