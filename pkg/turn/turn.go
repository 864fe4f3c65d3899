package turn

import (
	"context"
	"time"
)

// Turn is a place that somebody has. The nil Turn is nobody's.
type Turn struct {
	queue *Queue
	began time.Time
}

// End gives the place back; to end it again changes nothing.
func (t *Turn) End() {
	if t == nil {
		return
	}
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	if _, has := t.queue.serving[t]; !has {
		return
	}
	delete(t.queue.serving, t)
	t.queue.ended = time.Now()
	t.queue.handOver(t.queue.ended)
}

type key struct{}

// In gives the turn to those who work in its context.
func In(ctx context.Context, t *Turn) context.Context { return context.WithValue(ctx, key{}, t) }

// End gives back the place of whoever works in ctx, if there is one: it is about to wait for
// somebody else.
func End(ctx context.Context) {
	t, _ := ctx.Value(key{}).(*Turn)
	t.End()
}
