package provision

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"gatehouse.dev/gatehouse/pkg/provision/home"
)

// countingLook is how often the quota controller is asked until it knows sessions.
const countingLook = 2 * time.Second

// probe is the ResourceQuota in the system namespace that asks.
const probe = "gatehouse-probe"

// counting finds out whether the cluster's quota controller counts sessions yet. It looks
// for new kinds once in half a minute, and then leaves a quota that it has seen alone for
// minutes; meanwhile the API server refuses every session that such a quota bounds, as
// "status unknown for quota". So the key is tried where no session is made.
type counting struct {
	client    client.Client // must not read from a cache
	namespace string
	yes       atomic.Bool
}

// NeedLeaderElection: it writes.
func (c *counting) NeedLeaderElection() bool { return true }

// known reports whether a quota on sessions is safe to have. Once it is, it stays so.
func (c *counting) known(ctx context.Context) bool {
	if c.yes.Load() {
		return true
	}
	q := &corev1.ResourceQuota{}
	err := c.client.Get(ctx, client.ObjectKey{Namespace: c.namespace, Name: probe}, q)
	if err == nil && counted(q) {
		c.yes.Store(true)
	}
	return c.yes.Load()
}

// Start asks until the answer is yes.
func (c *counting) Start(ctx context.Context) error {
	logger := log.FromContext(ctx).WithName("counting")
	for !c.known(ctx) {
		if err := c.ask(ctx); err != nil && ctx.Err() == nil {
			logger.Error(err, "quota on sessions")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(countingLook):
		}
	}
	logger.Info("the quota controller counts sessions")
	return nil
}

// ask changes the bound: a quota that did not change is not counted anew.
func (c *counting) ask(ctx context.Context) error {
	q := &corev1.ResourceQuota{}
	err := c.client.Get(ctx, client.ObjectKey{Namespace: c.namespace, Name: probe}, q)
	if apierrors.IsNotFound(err) {
		q = &corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: probe, Labels: map[string]string{home.LabelManagedBy: home.ManagedBy}},
			Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{home.SessionCount: resource.MustParse("0")}},
		}
		err = c.client.Create(ctx, q, client.FieldOwner(fieldManager))
	} else if err == nil {
		bound := q.Spec.Hard[home.SessionCount]
		q.Spec.Hard = corev1.ResourceList{home.SessionCount: *resource.NewQuantity(1-min(bound.Value(), 1), resource.DecimalSI)}
		err = c.client.Update(ctx, q, client.FieldOwner(fieldManager))
	}
	if err != nil && !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("resource quota %s/%s: %w", c.namespace, probe, err)
	}
	return nil
}

// counted reports whether the quota controller has an account of every key that is
// bounded, which is what the API server asks for.
func counted(q *corev1.ResourceQuota) bool {
	for name := range q.Spec.Hard {
		if _, bounded := q.Status.Hard[name]; !bounded {
			return false
		}
		if _, used := q.Status.Used[name]; !used {
			return false
		}
	}
	return true
}
