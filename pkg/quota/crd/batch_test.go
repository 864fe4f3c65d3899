package crd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// gated lets writes through one by one, counting reads and writes.
type gated struct {
	reads, writes atomic.Int64
	gate          chan struct{}
}

func (g *gated) funcs() interceptor.Funcs {
	pass := func() {
		g.writes.Add(1)
		if g.gate != nil {
			<-g.gate
		}
	}
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			g.reads.Add(1)
			return c.Get(ctx, key, o, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			pass()
			return c.Create(ctx, o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			pass()
			return c.Update(ctx, o, opts...)
		},
	}
}

// TestDemandsGoTogether: what arrives during a write goes into the next one, and each
// gets its own answer.
func TestDemandsGoTogether(t *testing.T) {
	const domain, limit, together = "tenant/erin", 30, 40
	g := &gated{gate: make(chan struct{})}
	l := open(builder(t).WithInterceptorFuncs(g.funcs()).Build(), nil)
	var all sync.WaitGroup
	var admitted, refused atomic.Int64
	ask := func(name string) {
		d, err := l.Reserve(t.Context(), demand(domain, "erin", name, limit))
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case d.Reserved():
			admitted.Add(1)
		default:
			refused.Add(1)
		}
	}
	all.Go(func() { ask("first") })
	waitFor(t, func() bool { return g.writes.Load() == 1 })
	for n := range together {
		all.Go(func() { ask(fmt.Sprint("s", n)) })
	}
	waitFor(t, func() bool { return waiting(l, domain) == together })
	close(g.gate)
	all.Wait()
	if admitted.Load() != limit || refused.Load() != together+1-limit {
		t.Errorf("admitted %d, refused %d; limit %d", admitted.Load(), refused.Load(), limit)
	}
	if n := g.writes.Load(); n != 2 {
		t.Errorf("%d writes for %d demands, want 2", n, together+1)
	}
}

// TestWhoComesWhileAWriteIsLost goes into the next try.
func TestWhoComesWhileAWriteIsLost(t *testing.T) {
	const domain, together = "tenant/erin", 20
	g := &gated{gate: make(chan struct{})}
	base := builder(t).Build()
	l, another := open(interceptor.NewClient(base, g.funcs()), nil), open(base, nil)
	var all sync.WaitGroup
	ask := func(name string) {
		if d, err := l.Reserve(t.Context(), demand(domain, "erin", name, 100)); err != nil || !d.Reserved() {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	all.Go(func() { ask("first") })
	waitFor(t, func() bool { return g.writes.Load() == 1 })
	if d, err := another.Reserve(t.Context(), demand(domain, "erin", "quicker", 100)); err != nil || !d.Reserved() {
		t.Fatalf("%+v, %v", d, err)
	}
	for n := range together {
		all.Go(func() { ask(fmt.Sprint("s", n)) })
	}
	waitFor(t, func() bool { return waiting(l, domain) == together })
	close(g.gate)
	all.Wait()
	if n := g.writes.Load(); n != 2 {
		t.Errorf("%d writes, want one that is lost and one with everybody", n)
	}
	if _, reserved := standing(t, base, domain, "erin"); reserved != together+2 {
		t.Errorf("%d reserved of %d", reserved, together+2)
	}
}

func waiting(l *Ledger, domain string) int {
	l.batches.mu.Lock()
	defer l.batches.mu.Unlock()
	if q := l.batches.of[domain]; q != nil {
		return len(q.waiting)
	}
	return 0
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came to that")
		}
	}
}

// TestNobodyIsDeniedFromMemory: between two batches of ours a settlement freed a place.
// The second batch knows the ledger from its own last write and must look again.
func TestNobodyIsDeniedFromMemory(t *testing.T) {
	const domain = "tenant/erin"
	g := &gated{gate: make(chan struct{})}
	base := builder(t).Build()
	l := open(interceptor.NewClient(base, g.funcs()), nil)
	var all sync.WaitGroup
	ask := func(name string) {
		if d, err := l.Reserve(t.Context(), demand(domain, "erin", name, 1)); err != nil || !d.Reserved() {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	all.Go(func() { ask("first") })
	waitFor(t, func() bool { return g.writes.Load() == 1 })
	all.Go(func() {
		// It waits until the first is written; by then the first is gone again.
		ask("second")
	})
	waitFor(t, func() bool { return waiting(l, domain) == 1 })
	stored := make(chan struct{})
	l.now = func() time.Time {
		// The second is being judged, from memory first: let the settlement happen now.
		select {
		case <-stored:
		default:
			close(stored)
			if _, err := open(base, nil).Settle(context.Background(), domain, nil, memory{"erin-first": true}); err != nil {
				t.Error(err)
			}
		}
		return time.Now()
	}
	close(g.gate)
	all.Wait()
}

// TestACallerThatGaveUpIsLeftOut: its time is over before its turn comes.
func TestACallerThatGaveUpIsLeftOut(t *testing.T) {
	const domain = "tenant/erin"
	g := &gated{gate: make(chan struct{})}
	c := builder(t).WithInterceptorFuncs(g.funcs()).Build()
	l := open(c, nil)
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := l.Reserve(t.Context(), demand(domain, "erin", "first", 9)); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, func() bool { return g.writes.Load() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	all.Go(func() {
		if _, err := l.Reserve(ctx, demand(domain, "erin", "hasty", 9)); !errors.Is(err, quota.ErrConflict) {
			t.Errorf("error %v, want %v", err, quota.ErrConflict)
		}
	})
	waitFor(t, func() bool { return waiting(l, domain) == 1 })
	cancel()
	close(g.gate)
	all.Wait()
	waitFor(t, func() bool { l.batches.mu.Lock(); defer l.batches.mu.Unlock(); return len(l.batches.of) == 0 })
	if _, reserved := standing(t, c, domain, "erin"); reserved != 1 {
		t.Errorf("%d reserved, want the first alone", reserved)
	}
}

// TestAPanicAnswersAll: it neither ends the process nor leaves anybody waiting.
func TestAPanicAnswersAll(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	c := builder(t).WithInterceptorFuncs(interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		if broken.Load() {
			panic("broken")
		}
		return c.Get(ctx, key, o, opts...)
	}}).Build()
	l := open(c, nil)
	if d, err := l.Reserve(t.Context(), demand("tenant/erin", "erin", "a", 1)); !errors.Is(err, errPanicked) {
		t.Errorf("%+v, %v", d, err)
	}
	broken.Store(false)
	if d, err := l.Reserve(t.Context(), demand("tenant/erin", "erin", "a", 1)); err != nil || !d.Reserved() {
		t.Errorf("afterwards: %+v, %v", d, err)
	}
}

// TestALostBatchIsJudgedAnew: another replica took the last place between our read and
// our write.
func TestALostBatchIsJudgedAnew(t *testing.T) {
	const domain = "tenant/erin"
	base := builder(t).Build()
	other := open(base, nil)
	var once sync.Once
	c := interceptor.NewClient(base, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		once.Do(func() {
			if d, err := other.Reserve(ctx, demand(domain, "erin", "theirs", 1)); err != nil || !d.Reserved() {
				t.Errorf("theirs: %+v, %v", d, err)
			}
		})
		return c.Create(ctx, o, opts...)
	}})
	d, err := open(c, nil).Reserve(t.Context(), demand(domain, "erin", "ours", 1))
	if err != nil || d.Reserved() {
		t.Errorf("ours: %+v, %v; want it refused", d, err)
	}
	var ledger v1alpha1.QuotaLedger
	if err := c.Get(t.Context(), client.ObjectKey{Name: "tenant-erin"}, &ledger); apierrors.IsNotFound(err) || len(ledger.Spec.Sections) != 1 || len(ledger.Spec.Sections[0].Entries) != 1 {
		t.Errorf("ledger %+v, %v", ledger.Spec, err)
	}
}
