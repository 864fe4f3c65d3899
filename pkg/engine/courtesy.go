package engine

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// Every so many questions whether it is to stop, an evaluation looks at the clock, and from
// courteousAfter on it lets others go first: what takes long, or never ends, costs those who
// need a moment only a moment.
const (
	glances        = 64
	courteousAfter = 5 * time.Millisecond
)

// courtesy is a topdown.Cancel for one evaluation, which asks it often.
type courtesy struct {
	stop   topdown.Cancel
	began  time.Time
	looked time.Time
	asked  uint
	// greedy says that it was given up because memory is short.
	greedy atomic.Bool
}

func newCourtesy() *courtesy { return &courtesy{stop: topdown.NewCancel(), began: time.Now()} }

// Cancel implements topdown.Cancel; anybody may call it.
func (c *courtesy) Cancel() { c.stop.Cancel() }

// It is asked by the evaluation alone, and often.
func (c *courtesy) Cancelled() bool {
	if c.asked++; c.asked%glances == 0 {
		c.glance(time.Now())
	}
	return c.stop.Cancelled()
}

func (c *courtesy) glance(now time.Time) {
	age := now.Sub(c.began)
	if age > suspectAfter && now.Sub(c.looked) > memoryGlance {
		c.looked = now
		if memoryShort() {
			c.greedy.Store(true)
			c.stop.Cancel()
		}
	}
	if age > courteousAfter {
		runtime.Gosched()
	}
}
