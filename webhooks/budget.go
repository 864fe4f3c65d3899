package webhooks

import (
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// budget bounds the bytes of all bodies held at once. A large review costs some forty
// times its size while it is judged, so bytes are counted and not requests.
type budget struct {
	limit   int64
	used    atomic.Int64
	changed func(int64)
}

func newBudget(limit int64, changed func(int64)) *budget {
	return &budget{limit: limit, changed: changed}
}

// open begins a holding of no bytes.
func (b *budget) open() *holding { return &holding{budget: b} }

// holding is one request's share. It belongs to one goroutine at a time.
type holding struct {
	budget *budget
	bytes  int64
}

// grow takes n more bytes, or says that they are not to be had.
func (h *holding) grow(n int64) bool {
	for {
		used := h.budget.used.Load()
		if used+n > h.budget.limit {
			return false
		}
		if h.budget.used.CompareAndSwap(used, used+n) {
			h.bytes += n
			h.budget.changed(n)
			return true
		}
	}
}

// release gives everything back.
func (h *holding) release() {
	h.budget.used.Add(-h.bytes)
	h.budget.changed(-h.bytes)
	h.bytes = 0
}

// margin is the time that the answer needs to get back before the API server gives up.
const margin = 500 * time.Millisecond

// timeoutOf is the ?timeout= of a call, "" where there is none. An API server sends nothing else.
func timeoutOf(called *url.URL) string {
	if given, only := strings.CutPrefix(called.RawQuery, "timeout="); only && !strings.ContainsAny(given, "&;%+") {
		return given
	}
	return called.Query().Get("timeout")
}

// budgetOf is how long a review may take here: the ?timeout= of the call, at most
// longest, minus margin; of very short timeouts half. Without a readable ?timeout=
// longest counts.
func budgetOf(query string, longest time.Duration) time.Duration {
	timeout := longest
	if given, ok := parseTimeout(query); ok && given < longest {
		timeout = given
	}
	return max(timeout-margin, timeout/2)
}

// parseTimeout reads what the API server sends ("5s") and plain seconds.
func parseTimeout(query string) (time.Duration, bool) {
	if d, err := time.ParseDuration(query); err == nil {
		return d, d > 0
	}
	n, err := strconv.ParseUint(query, 10, 16)
	return time.Duration(n) * time.Second, err == nil && n > 0
}
