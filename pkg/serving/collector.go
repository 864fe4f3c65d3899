package serving

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to three and a half times what is held before the collector
// runs, instead of twice. A webhook holds its tenants for long and its reviews for a
// millisecond: each run looks at all the tenants to find the garbage of the reviews. Of ten
// thousand tenants that is 840 MiB (docs/performance.md); GOMEMLIMIT has the last word.
const gcPercent = 250

// TuneCollector sets the garbage collector for a webhook, unless GOGC says how.
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
