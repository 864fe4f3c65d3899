package crd

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// TestNobodyStarves: three processes write one ledger as fast as they can, each call taking
// 10 ms. Who has just written knows the ledger, and would win every write from those who have
// to read it first.
func TestNobodyStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const domain, processes, clients = "tenant/erin", 3, 10
		slow := func() { time.Sleep(10 * time.Millisecond) }
		base := builder(t).Build()
		far := interceptor.NewClient(base, interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
				slow()
				return c.Get(ctx, key, o, opts...)
			},
			Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
				slow()
				return c.Update(ctx, o, opts...)
			},
		})
		if err := base.Create(t.Context(), ledgerOf(domain)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		var mu sync.Mutex
		waits := map[int][]time.Duration{}
		var all sync.WaitGroup
		for p := range processes {
			l := open(far, time.Now)
			for c := range clients {
				all.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						began := time.Now()
						if _, err := l.Reserve(t.Context(), demand(domain, "erin", fmt.Sprintf("%d-%d-%d", p, c, n), 1e6)); err != nil {
							t.Errorf("after %s: %v", time.Since(began), err)
						}
						mu.Lock()
						waits[p] = append(waits[p], time.Since(began))
						mu.Unlock()
					}
				})
			}
		}
		// What came is confirmed now and then, or the ledger would be full.
		all.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(250 * time.Millisecond) {
				var l v1alpha1.QuotaLedger
				if err := base.Get(t.Context(), client.ObjectKey{Name: quota.DomainName(domain)}, &l); err != nil {
					t.Error(err)
				}
				l.Spec.Sections = nil
				_ = base.Update(t.Context(), &l)
			}
		})
		all.Wait()
		least, most := len(waits[0]), 0
		for p, list := range waits {
			slices.Sort(list)
			least, most = min(least, len(list)), max(most, len(list))
			t.Logf("process %d: %d answers, half within %s, the last after %s", p, len(list), list[len(list)/2], list[len(list)-1])
		}
		if len(waits) != processes || 2*least < most {
			t.Errorf("one process has %d answers and another %d", least, most)
		}
	})
}
