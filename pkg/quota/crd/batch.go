package crd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// maxBatch bounds the demands of one write, and so the time that judging them takes.
const maxBatch = 64

// batches gathers the demands of each domain. A demand that finds nobody at work is
// written at once; those that come meanwhile wait and go together.
type batches struct {
	ledger *Ledger

	mu sync.Mutex
	of map[string]*queue
}

// queue is what waits in a domain at whose ledger somebody is at work.
type queue struct{ waiting []*asking }

// asking is one request on its way into the ledger.
type asking struct {
	ctx context.Context //nolint:containedctx // It waits in a queue, and ends with its caller.
	quota.Request

	decision quota.Decision
	err      error
	done     chan struct{}
}

// join puts a request into its domain's queue and waits for its answer.
func (b *batches) join(ctx context.Context, r quota.Request) (quota.Decision, error) {
	d := &asking{ctx: ctx, Request: r, done: make(chan struct{})}
	b.mu.Lock()
	q, busy := b.of[r.Domain]
	if !busy {
		q = &queue{}
		b.of[r.Domain] = q
	}
	q.waiting = append(q.waiting, d)
	b.mu.Unlock()
	if !busy {
		go b.work(context.WithoutCancel(ctx), r.Domain, q)
	}
	select {
	case <-d.done:
		return d.decision, d.err
	case <-ctx.Done():
		// It may still be written; what nobody confirms expires.
		return quota.Decision{}, fmt.Errorf("%w: %w", quota.ErrConflict, ctx.Err())
	}
}

// work writes batches until nobody waits. What it wrote last is kept between them: nobody
// else may have written since, and if somebody did, the swap says so.
func (b *batches) work(ctx context.Context, domain string, q *queue) {
	var last *state
	for {
		batch := b.take(domain, q, nil)
		if len(batch) == 0 {
			return
		}
		began := time.Now()
		last, batch = b.safely(ctx, domain, q, batch, last)
		took := time.Since(began)
		b.ledger.batched(len(batch))
		for _, d := range batch {
			close(d.done)
		}
		if last != nil && b.waits(q) {
			yield(took)
		}
	}
}

func (b *batches) waits(q *queue) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(q.waiting) > 0
}

// take adds to a batch what waits. A queue of which nothing is at work any more is gone.
func (b *batches) take(domain string, q *queue, batch []*asking) []*asking {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(q.waiting), maxBatch-len(batch))
	batch = append(batch, q.waiting[:n]...)
	q.waiting = q.waiting[n:]
	if len(batch) == 0 {
		delete(b.of, domain)
	}
	return batch
}

// errPanicked answers demands in whose writing something broke. Nothing is known of them.
var errPanicked = errors.New("quota ledger: a write panicked")

// safely writes a batch, with what comes while others are quicker, in a goroutine of
// nobody's: a panic here would end the process. It returns the ledger as it is stored then,
// nil where that is not known, and all that has its answer.
func (b *batches) safely(ctx context.Context, domain string, q *queue, batch []*asking, last *state) (at *state, answered []*asking) {
	answered = batch
	fail := func(err error) {
		at = nil
		for _, d := range answered {
			d.decision, d.err = quota.Decision{}, err
		}
	}
	defer func() {
		if recover() != nil {
			fail(errPanicked)
		}
	}()
	for try := range reserveTries {
		if try > 0 {
			if err := b.rest(ctx, answered, try); err != nil {
				fail(err)
				return at, answered
			}
			// Those who came meanwhile would have to win the next write for themselves.
			answered, last = b.take(domain, q, answered), nil
		}
		var lost bool
		var err error
		if at, lost, err = b.write(ctx, domain, answered, last); !lost {
			if err != nil {
				fail(err)
			}
			return at, answered
		}
	}
	fail(quota.ErrConflict)
	return nil, answered
}

// rest lets the others go on for a while, as long as somebody waits for an answer.
func (b *batches) rest(ctx context.Context, batch []*asking, try int) error {
	ctx, cancel := until(ctx, batch)
	defer cancel()
	if err := pause(ctx, try); err != nil {
		return fmt.Errorf("%w: %w", quota.ErrConflict, err)
	}
	return nil
}

// write tries to bring a batch into the ledger and each demand to its answer; lost says that
// another writer was quicker. It returns the ledger as it is stored then.
func (b *batches) write(ctx context.Context, domain string, batch []*asking, last *state) (at *state, lost bool, err error) {
	ctx, cancel := until(ctx, batch)
	defer cancel()
	l := b.ledger
	at, fresh := last, last == nil
	if fresh {
		if at, err = l.read(ctx, domain); err != nil {
			return nil, false, err
		}
	}
	next, refused, err := l.judge(ctx, at, batch)
	if err != nil {
		return nil, false, err
	}
	if !fresh && (refused || apiequality.Semantic.DeepEqual(at.Spec, next)) {
		// A place may have become free since, and an entry that this request left before may be
		// gone: nobody is answered from memory unless the swap says that it holds.
		if at, err = l.read(ctx, domain); err != nil {
			return nil, false, err
		}
		if next, _, err = l.judge(ctx, at, batch); err != nil {
			return nil, false, err
		}
	}
	if lost, err = l.write(ctx, at, next); lost || err != nil {
		return nil, lost, err
	}
	l.dry.forget(domain)
	return at, false, nil
}

// judge answers each demand of the batch in turn, as if the others before it were
// written, and gives the ledger with all that were taken.
func (l *Ledger) judge(ctx context.Context, at *state, batch []*asking) (next v1alpha1.QuotaLedgerSpec, refused bool, err error) {
	next = at.Spec
	if at.anew {
		seen, err := l.see(ctx, at, nil, nil)
		if err != nil {
			return next, false, err
		}
		next = l.settled(next, seen)
	}
	taken := 0
	for _, d := range batch {
		d.decision, d.err = quota.Decision{}, nil
		if d.ctx.Err() != nil {
			d.err = fmt.Errorf("%w: %w", quota.ErrConflict, d.ctx.Err())
			continue
		}
		with, decision := quota.Reserve(next, d.Request, l.now(), l.ttl)
		d.decision = decision
		switch {
		case !decision.Reserved():
			refused = true
		case d.DryRun:
		case tooLarge(with):
			d.err = quota.ErrFull
		default:
			next = with
			taken++
		}
	}
	if taken == 0 {
		// Nothing to write, not even a rebuilt ledger: a settlement does that.
		next = at.Spec
	}
	return next, refused, nil
}

// until ends a batch when the last of its callers has given up.
func until(ctx context.Context, batch []*asking) (context.Context, context.CancelFunc) {
	var last time.Time
	for _, d := range batch {
		deadline, ok := d.ctx.Deadline()
		if !ok {
			return context.WithCancel(ctx)
		}
		if deadline.After(last) {
			last = deadline
		}
	}
	return context.WithDeadline(ctx, last)
}
