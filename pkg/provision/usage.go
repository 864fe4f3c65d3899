package provision

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/provision/home"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

const (
	// usagePause is the least time between two writes of one tenant's Usage.
	usagePause = 2 * time.Second
	// usageGather gathers changes of a ledger: what comes is mostly confirmed by then.
	usageGather = 500 * time.Millisecond
	// usageRate is how many Usages a second are written, usageBurst how many at once: what
	// many see a few seconds later must not take the place of what they do.
	usageRate, usageBurst = 10, 40
)

// usages writes what a user may read about herself.
type usages struct {
	client.Client
	facts  facts
	prefix string
	now    func() time.Time
	// calendar says when windows begin; told is told of limits that are nearly used up.
	calendar quota.Calendar
	told     events.EventRecorder
	metrics  *usageMetrics
	// budget of all writes; nil is without bound.
	budget *rate.Limiter

	mu      sync.Mutex
	written map[string]time.Time
	// last is what each Usage was written to be.
	last map[string]v1alpha1.UsageStatus
}

// Reconcile writes one tenant's Usage if it says something else than what holds.
func (r *usages) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	t := &v1alpha1.Tenant{}
	err := r.Get(ctx, req.NamespacedName, t)
	if apierrors.IsNotFound(err) {
		r.forget(req.Name)
		r.metrics.forget(req.Name)
	}
	if err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	ns := &corev1.Namespace{}
	if err := r.Get(ctx, client.ObjectKey{Name: r.prefix + t.Name}, ns); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err) // its event comes
	}
	if !ns.DeletionTimestamp.IsZero() || ns.Annotations[v1alpha1.AnnotationTenantUID] != string(t.UID) {
		return reconcile.Result{}, nil
	}
	wanted, err := r.status(ctx, t)
	if err != nil {
		return reconcile.Result{}, err
	}
	live := &v1alpha1.Usage{}
	err = r.Get(ctx, client.ObjectKey{Namespace: ns.Name, Name: v1alpha1.UsageName}, live)
	absent := apierrors.IsNotFound(err)
	if err != nil && !absent {
		return reconcile.Result{}, err
	}
	r.metrics.show(wanted)
	again := nextReset(wanted, r.now())
	if !absent && apiequality.Semantic.DeepEqual(live.Status, wanted) {
		return reconcile.Result{RequeueAfter: again}, nil
	}
	if wait := r.wait(t.Name); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	before := live.DeepCopy()
	if absent {
		live.ObjectMeta = metav1.ObjectMeta{
			Namespace: ns.Name, Name: v1alpha1.UsageName,
			Labels: map[string]string{v1alpha1.LabelTenant: t.Name, home.LabelManagedBy: home.ManagedBy},
		}
		live.Status = wanted
		err = r.Create(ctx, live, client.FieldOwner(fieldManager))
	} else {
		live.Status = wanted
		err = r.Patch(ctx, live, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(fieldManager))
	}
	if err != nil {
		return retry(fmt.Errorf("usage of tenant %s: %w", t.Name, err))
	}
	r.tell(live, before.Status)
	r.tellEdited(live, before.Status, absent)
	return reconcile.Result{RequeueAfter: again}, nil
}

func (r *usages) status(ctx context.Context, t *v1alpha1.Tenant) (v1alpha1.UsageStatus, error) {
	known, err := r.facts.of(ctx, t)
	if err != nil {
		return v1alpha1.UsageStatus{}, err
	}
	effective := tenant.Resolve(known, nil)
	ledger := &v1alpha1.QuotaLedger{}
	if _, err := r.facts.get(ctx, quota.DomainName(effective.Domain), ledger); err != nil {
		return v1alpha1.UsageStatus{}, fmt.Errorf("ledger %s: %w", quota.DomainName(effective.Domain), err)
	}
	now := r.now()
	held := quota.StandingOf(ledger.Spec, t.Name, effective.Owner, gate.QuotaLimits(effective.Limits, r.calendar, now))
	if err := r.fenced(ctx, t.Name, &held); err != nil {
		return v1alpha1.UsageStatus{}, err
	}
	return usageOf(effective, held, r.calendar, now), nil
}

// wait says how long the tenant's next write is off; none means that it is taken now.
func (r *usages) wait(name string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if left := usagePause - now.Sub(r.written[name]); left > 0 {
		return left
	}
	if r.budget != nil && !r.budget.AllowN(now, 1) {
		return usagePause/2 + rand.N(usagePause) //nolint:gosec // Jitter keeps no secret.
	}
	r.written[name] = now
	return 0
}

func (r *usages) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.written, name)
	delete(r.last, name)
}

// tellEdited says that somebody else had changed or removed a Usage, which is known by what it
// was written to be: the write that put it back found it as it was read.
func (r *usages) tellEdited(u *v1alpha1.Usage, before v1alpha1.UsageStatus, absent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.last[u.Status.Tenant]
	if r.last == nil {
		r.last = map[string]v1alpha1.UsageStatus{}
	}
	r.last[u.Status.Tenant] = *u.Status.DeepCopy()
	if r.told == nil || !known || !absent && apiequality.Semantic.DeepEqual(before, last) {
		return
	}
	if absent {
		r.told.Eventf(u, nil, corev1.EventTypeWarning, "Repaired", actionRemake, "it was deleted; it is what the ledger says again")
		return
	}
	r.told.Eventf(u, nil, corev1.EventTypeWarning, "Repaired", actionRepair, "somebody changed it; it is what the ledger says again")
}
