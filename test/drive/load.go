package drive

import (
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
	// For is how long reviews are begun.
	For time.Duration
	// Deadline is when a caller gives up, from the moment at which its review was due.
	Deadline time.Duration
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
// for one, and its latency grows; past its deadline it is not sent any more and counts as
// unsent.
func Open(ctx context.Context, l Load, rate float64) Result {
	due := schedule(ctx, l.For, rate)
	var turn atomic.Uint64
	return l.run(func(c *conn, mine *Result) {
		for at := range due {
			if time.Since(at) >= l.Deadline {
				mine.Unsent++
				continue
			}
			l.one(ctx, c, mine, turn.Add(1)-1, at)
		}
	})
}

// run has each connection served by a goroutine and adds up what they saw.
func (l Load) run(each func(*conn, *Result)) Result {
	var (
		mu  sync.Mutex
		all sync.WaitGroup
		sum Result
	)
	began := time.Now()
	for range l.Connections {
		all.Go(func() {
			c := &conn{target: l.Target}
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
