package turn

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// Why nobody was served.
var (
	// ErrCrowded says that as many wait as may wait, and none in a much longer line.
	ErrCrowded = errors.New("too many are waiting")
	// ErrLate says that the turn did not come within Patience.
	ErrLate = errors.New("the turn did not come in time")
)

// Options bound a Queue; all are required.
type Options struct {
	// Places says how many are served at once. It is asked anew for everybody, with the queue's
	// lock held: a process may be given other processors than it started with.
	Places func() int
	// Waiting is how many may wait.
	Waiting int
	// Patience is how long anybody waits, or up to a quarter less.
	Patience time.Duration
	// Long is how long somebody keeps a place that others wait for.
	Long time.Duration
}

// Queue hands out places. Create it with New; it is safe for concurrent use.
type Queue struct {
	Options
	mu sync.Mutex
	// serving holds those who have a place.
	serving map[*Turn]struct{}
	lines   lines
	// looking says that somebody will look for places that are kept too long.
	looking bool
	// bell is nil where those who end call the next ones themselves.
	bell *bell
	// ended is when somebody last gave a place back. looked is when Go last looked at the network, as
	// far as is known: when the bell was heard, or somebody came after a pause.
	ended, looked time.Time
}

// unseen is for how long the network may not be looked at. Whoever comes while somebody computes, or so
// soon after, may be one whose next request was there before anybody looked, and a few such leave no
// moment in which Go would look; reading what came may take long by itself. So for at most unseen those
// who end call the next ones, and who comes is let in, without the bell. And where so much has come that
// it is not heard for as long, one of those who wait is called all the same.
const unseen = time.Millisecond

// New makes a queue in which nobody waits.
func New(o Options) *Queue {
	return &Queue{Options: o, serving: make(map[*Turn]struct{}, o.Places()), lines: lines{of: map[string]*line{}}}
}

// Enter waits for a place on behalf of whose. It fails with ErrCrowded, ErrLate or ctx's error.
func (q *Queue) Enter(ctx context.Context, whose string) (*Turn, error) {
	t, w, err := q.begin(whose)
	if t != nil || err != nil {
		return t, err
	}
	patience := time.NewTimer(q.patience())
	defer patience.Stop()
	select {
	case <-w.called:
		return w.turn, w.err
	case <-ctx.Done():
		err = ctx.Err()
	case <-patience.C:
		err = ErrLate
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.turn == nil && w.err == nil {
		q.lines.leave(w)
		return nil, err
	}
	return w.turn, w.err // called in the same moment
}

// patience differs by up to a quarter from one to the other: those who came together would
// otherwise be told together to come again, and do so.
func (q *Queue) patience() time.Duration {
	return q.Patience - time.Duration(rand.Int64N(int64(q.Patience)/4+1)) //nolint:gosec // Nobody gains by guessing it.
}

// begin gives a place, or somewhere to wait for one.
func (q *Queue) begin(whose string) (*Turn, *waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	free := q.lines.waiting == 0 && len(q.serving) < q.Places()
	if free && !q.restless(now) {
		return q.serve(now), nil, nil
	}
	if q.lines.waiting >= q.Waiting {
		// Whoever comes last in the longest line goes, or the one who comes now if that
		// would make theirs as long.
		crowd := q.lines.longest()
		if len(crowd.waiters) <= q.lines.length(whose)+1 {
			return nil, nil, ErrCrowded
		}
		q.lines.last(crowd).call(nil, ErrCrowded)
	}
	w := &waiter{called: make(chan struct{})}
	q.lines.join(whose, w)
	switch {
	case free:
		q.bell.ring()
	case q.bell.unheard(now):
		q.next()
	}
	if !q.looking {
		q.looking = true
		time.AfterFunc(q.Long, q.look)
	}
	return nil, w, nil
}

// restless says whether the network may not have been looked at for too long.
func (q *Queue) restless(now time.Time) bool {
	if q.bell == nil {
		return false
	}
	if len(q.serving) == 0 && now.Sub(q.ended) >= unseen {
		q.looked = now
	}
	return now.Sub(q.looked) >= unseen
}

func (q *Queue) serve(now time.Time) *Turn {
	t := &Turn{queue: q, began: now}
	q.serving[t] = struct{}{}
	return t
}

// next calls those who wait, one from each line in turn, while there is a place.
func (q *Queue) next() {
	for now := time.Now(); q.lines.waiting > 0 && len(q.serving) < q.Places(); {
		q.lines.first().call(q.serve(now), nil)
	}
}

// look takes places from those who have kept one for too long, while anybody waits.
func (q *Queue) look() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lines.waiting == 0 {
		q.looking = false
		return
	}
	now := time.Now()
	for t := range q.serving {
		if now.Sub(t.began) >= q.Long {
			delete(q.serving, t)
		}
	}
	// Directly: while somebody computes for long, a bell is heard late.
	q.next()
	time.AfterFunc(q.Long, q.look)
}

// Length is how many wait.
func (q *Queue) Length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lines.waiting
}
