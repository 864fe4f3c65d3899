package drive

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Load is what is sent.
type Load struct {
	Target Target
	// Requests are sent in turn; see Target.Request.
	Requests [][]byte
	// Connections is how many there are at most, each with one review under way.
	Connections int
	// For is how long reviews are begun, and Lead how long in an open loop before that, which is
	// not counted: connections are made then.
	For, Lead time.Duration
	// Deadline is when a caller gives up, from the moment at which its review was due.
	Deadline time.Duration
	// Patience is how long a review of an open loop waits for a connection; 0 is Deadline.
	Patience time.Duration
}

// Closed sends in a closed loop.
func Closed(ctx context.Context, l Load) Result {
	end := time.Now().Add(l.For)
	var turn atomic.Uint64
	return l.run(func(c *conn, mine *Result) {
		for ctx.Err() == nil {
			began := time.Now()
			if !began.Before(end) {
				return
			}
			l.one(ctx, c, mine, turn.Add(1)-1, began)
		}
	})
}

// Open sends so many reviews a second in an open loop. One that finds no connection free waits
// for one, and its latency grows; past its patience it is not sent any more and counts as
// unsent.
func Open(ctx context.Context, l Load, rate float64) Result {
	counted := time.Now().Add(l.Lead)
	due := schedule(ctx, l.Lead+l.For, rate)
	patience := cmp.Or(l.Patience, l.Deadline)
	var turn atomic.Uint64
	r := l.run(func(c *conn, mine *Result) {
		var lead Result
		for at := range due {
			into := mine
			if at.Before(counted) {
				into = &lead
			}
			if time.Since(at) >= patience {
				into.Unsent++
				continue
			}
			l.one(ctx, c, into, turn.Add(1)-1, at)
		}
	})
	r.Took -= l.Lead
	return r
}

// run has each connection served by a goroutine and adds up what they saw.
func (l Load) run(each func(*conn, *Result)) Result {
	var (
		mu  sync.Mutex
		all sync.WaitGroup
		sum Result
	)
	roots := l.Target.roots()
	began := time.Now()
	for range l.Connections {
		all.Go(func() {
			c := &conn{target: l.Target, roots: roots}
			defer c.close()
			var mine Result
			each(c, &mine)
			mu.Lock()
			defer mu.Unlock()
			sum.Add(mine)
		})
	}
	all.Wait()
	sum.Took = time.Since(began)
	return sum
}

// one sends one review that was due at a moment.
func (l Load) one(ctx context.Context, c *conn, into *Result, turn uint64, due time.Time) {
	a, err := c.do(ctx, l.Requests[turn%uint64(len(l.Requests))], due.Add(l.Deadline))
	took := time.Since(due)
	var timeout net.Error
	switch {
	case err != nil && ctx.Err() != nil:
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		into.Late++
	case err != nil:
		into.Cut++
		into.note(err.Error())
	case a.allowed:
		into.Latencies = append(into.Latencies, took)
	case a.status == 503 && a.retry:
		into.Retry = append(into.Retry, took)
		into.note(string(a.text))
	default:
		into.Other++
		into.note(string(a.text))
	}
}
