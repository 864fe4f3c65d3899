package live

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/cache"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Policies hands on the Policy objects, all of them at each change. Changes that come
// while one is handed on make one more call.
type Policies struct {
	Cache cache.Cache
	// Changed may take its time: facts and heartbeat do not wait for it.
	Changed func(ctx context.Context, policies []*v1alpha1.Policy)
}

// Start watches until ctx ends; it returns when what is stored now has been handed on.
func (p *Policies) Start(ctx context.Context) error {
	dirty := make(chan struct{}, 1)
	informer, err := p.Cache.GetInformer(ctx, &v1alpha1.Policy{})
	if err != nil {
		return fmt.Errorf("watch policies: %w", err)
	}
	mark := func() {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
	if _, err := informer.AddEventHandler(changed(mark)); err != nil {
		return fmt.Errorf("watch policies: %w", err)
	}
	if !p.Cache.WaitForCacheSync(ctx) {
		return fmt.Errorf("policies did not sync: %w", context.Cause(ctx))
	}
	if err := p.hand(ctx); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-dirty:
				// The cache only fails when it is not started.
				_ = p.hand(ctx)
			}
		}
	}()
	return nil
}

func (p *Policies) hand(ctx context.Context) error {
	var list v1alpha1.PolicyList
	if err := p.Cache.List(ctx, &list); err != nil {
		return fmt.Errorf("list policies from the cache: %w", err)
	}
	p.Changed(ctx, pointers(list.Items))
	return nil
}
