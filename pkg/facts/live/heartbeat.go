package live

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Heartbeat renews a Lease and dates the facts by when the renewal comes back on the
// watch. An idle watch is silent for a minute; this one never is.
type Heartbeat struct {
	Cache  cache.Cache
	Client client.Client
	Reader client.Reader
	// Namespace and Name of the Lease; Holder is written into it.
	Namespace, Name, Holder string
	// Period between renewals; 0 means 2 s.
	Period time.Duration
	// Report gives the annotations to publish with each renewal: loaded kids, policy
	// digest.
	Report func() map[string]string
	// Failed is told of renewals that did not go through.
	Failed func(error)

	seen atomic.Int64 // wall clock, Unix nanoseconds

	made sync.Once
	news chan struct{}
}

// Hurry asks for a renewal now: there is something new to report.
func (h *Heartbeat) Hurry() {
	select {
	case h.hurried() <- struct{}{}:
	default:
	}
}

func (h *Heartbeat) hurried() chan struct{} {
	h.made.Do(func() { h.news = make(chan struct{}, 1) })
	return h.news
}

// Age is the time since a renewal last came back, or the longest duration when none
// did.
func (h *Heartbeat) Age(now time.Time) time.Duration {
	seen := h.seen.Load()
	if seen == 0 {
		return math.MaxInt64
	}
	return now.Sub(time.Unix(0, seen))
}

// Start watches the Lease and renews it until ctx ends.
func (h *Heartbeat) Start(ctx context.Context) error {
	informer, err := h.Cache.GetInformer(ctx, leaseObject())
	if err != nil {
		return fmt.Errorf("watch lease %s/%s: %w", h.Namespace, h.Name, err)
	}
	if _, err := informer.AddEventHandler(changed(func() { h.seen.Store(time.Now().UnixNano()) })); err != nil {
		return fmt.Errorf("watch lease %s/%s: %w", h.Namespace, h.Name, err)
	}
	period := h.Period
	if period == 0 {
		period = 2 * time.Second
	}
	go func() {
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		for {
			if err := h.renew(ctx, period); err != nil && ctx.Err() == nil && h.Failed != nil {
				h.Failed(err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			case <-h.hurried():
			}
		}
	}()
	return nil
}

func (h *Heartbeat) renew(ctx context.Context, period time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, 2*period)
	defer cancel()
	now := metav1.NowMicro()
	var lease coordinationv1.Lease
	err := h.Reader.Get(ctx, client.ObjectKey{Namespace: h.Namespace, Name: h.Name}, &lease)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read lease %s/%s: %w", h.Namespace, h.Name, err)
	}
	missing := err != nil
	lease.Namespace, lease.Name = h.Namespace, h.Name
	lease.Spec.HolderIdentity = ptr.To(h.Holder)
	lease.Spec.RenewTime = &now
	lease.Spec.LeaseDurationSeconds = ptr.To(int32(5 * period / time.Second))
	if h.Report != nil {
		lease.Annotations = h.Report()
	}
	if missing {
		lease.Spec.AcquireTime = &now
		if err := h.Client.Create(ctx, &lease); err != nil {
			return fmt.Errorf("create lease %s/%s: %w", h.Namespace, h.Name, err)
		}
		return nil
	}
	if err := h.Client.Update(ctx, &lease); err != nil {
		return fmt.Errorf("renew lease %s/%s: %w", h.Namespace, h.Name, err)
	}
	return nil
}
