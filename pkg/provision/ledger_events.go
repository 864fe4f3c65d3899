package provision

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/crd"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// watched turns what is seen of objects, tenants and ledgers into settlements.
type watched struct {
	domains
	*settler
	calendar quota.Calendar
	// ttl is what entries live.
	ttl time.Duration
}

// came has what came confirmed. What a watch shows for the first time when it is over
// already does not hold what was reserved for it.
func (w *watched) came(ctx context.Context, o client.Object, q queue) {
	if crd.Idle(o) {
		w.ask(ctx, o, q)
		return
	}
	if domain, name := w.ofNamespace(ctx, o.GetNamespace()); domain != "" {
		w.dirty.arrived(domain, name, o.GetUID())
		q.AddAfter(request(domain), settlePause)
	}
}

// ask has a tenant's section settled soon.
func (w *watched) ask(ctx context.Context, o client.Object, q queue) {
	if domain, name := w.ofNamespace(ctx, o.GetNamespace()); domain != "" {
		w.dirty.add(domain, name)
		q.AddAfter(request(domain), settlePause)
	}
}

// askLate has it settled by and by: what is built in counts the same in both phases, another
// policy might not.
func (w *watched) askLate(ctx context.Context, o client.Object, q queue) {
	if domain, name := w.ofNamespace(ctx, o.GetNamespace()); domain != "" {
		w.dirty.addAt(domain, name, w.now().Add(sweep))
		q.AddAfter(request(domain), sweep)
	}
}

// objects asks for a settlement when an object begins to hold something else. A chat
// message of a session and a Pod's readiness settle nothing.
func (w *watched) objects() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { w.came(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			// A watch that was away may show a name's next object as an update.
			anew := e.ObjectOld.GetUID() != e.ObjectNew.GetUID()
			if anew {
				w.end(e.ObjectOld)
			}
			switch {
			case anew || holdsOtherwise(e.ObjectOld, e.ObjectNew):
				w.ask(ctx, e.ObjectNew, q)
			case phaseOf(e.ObjectOld) != phaseOf(e.ObjectNew):
				w.askLate(ctx, e.ObjectNew, q)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			w.end(e.Object)
			w.ask(ctx, e.Object, q)
		},
	}
}

// end remembers an object that is no more.
func (w *watched) end(o client.Object) {
	var uses []quota.Use
	if pod, ok := o.(*corev1.Pod); ok {
		uses = crd.Metered(pod, w.calendar, resource.Quantity{}, w.now())
	}
	w.past.add(o.GetUID(), uses)
}

// holdsOtherwise reports whether an update may change what an object holds.
func holdsOtherwise(before, after client.Object) bool {
	switch after := after.(type) {
	case *researchv1.ResearchSession:
		return phaseOf(before) != phaseOf(after) && (crd.Idle(before) || crd.Idle(after))
	case *corev1.Pod:
		old, ok := before.(*corev1.Pod)
		return !ok || old.Generation != after.Generation || crd.Idle(old) != crd.Idle(after) || requestsOtherwise(old, after)
	}
	// A claim changes seldom, and then in what it holds.
	return true
}

// requestsOtherwise: a resized Pod has what it asked for later than it asks.
func requestsOtherwise(before, after *corev1.Pod) bool {
	as := resourcehelper.PodResourcesOptions{UseStatusResources: true}
	return !apiequality.Semantic.DeepEqual(resourcehelper.PodRequests(before, as), resourcehelper.PodRequests(after, as))
}

func phaseOf(o client.Object) string {
	switch o := o.(type) {
	case *researchv1.ResearchSession:
		return string(o.Status.Phase)
	case *corev1.Pod:
		return string(o.Status.Phase)
	}
	return ""
}

// tenants asks for a settlement of the domain that a Tenant is of, an update also of the
// one that it was of.
func (w *watched) tenants() handler.EventHandler {
	of := func(o client.Object) string {
		if t, ok := o.(*v1alpha1.Tenant); ok {
			return tenant.DomainOf(t.Name, t.Spec.Organization)
		}
		return ""
	}
	ask := func(o client.Object, q queue) {
		w.dirty.add(of(o), o.GetName())
		q.AddAfter(request(of(o)), settlePause)
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { ask(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if of(e.ObjectOld) != of(e.ObjectNew) {
				ask(e.ObjectOld, q)
				ask(e.ObjectNew, q)
			}
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { ask(e.Object, q) },
	}
}

// ledgers has what was changed in a ledger looked at, unless reservations and confirmations
// explain it or it was written here, and a ledger that is gone made again.
func (w *watched) ledgers() handler.EventHandler {
	ask := func(before, after client.Object, q queue, soon bool) {
		o := after
		if o == nil {
			o = before
		}
		domain := quota.DomainOfName(o.GetName())
		if domain == "" {
			return
		}
		pause := w.changed(domain, before, after)
		if soon {
			w.dirty.addAll(domain)
			pause = settlePause
		}
		q.AddAfter(request(domain), pause)
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { ask(nil, e.Object, q, false) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			l, ok := e.ObjectNew.(*v1alpha1.QuotaLedger)
			deleted := e.ObjectOld.GetDeletionTimestamp().IsZero() && !e.ObjectNew.GetDeletionTimestamp().IsZero()
			ask(e.ObjectOld, e.ObjectNew, q, ok && l.Spec.Domain != quota.DomainOfName(l.Name) || deleted)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) {
			w.dirty.lost(quota.DomainOfName(e.Object.GetName()))
			ask(e.Object, nil, q, true)
		},
	}
}

// changed notes what of a ledger is open, and what of it somebody put his hand to; it gives
// how soon the first of it is due.
func (w *watched) changed(domain string, before, after client.Object) time.Duration {
	ledger, ok := after.(*v1alpha1.QuotaLedger)
	if !ok {
		return sweep
	}
	now := w.now()
	w.open(domain, ledger.Spec)
	first := nextSweep(ledger.Spec, now)
	old, present := sections(before), sections(after)
	for _, name := range changedSections(before, after) {
		if !quota.Explained(old[name], present[name], now, w.ttl) && w.dirty.saw(domain, name, present[name], now.Add(strange)) {
			first = min(first, strange)
		}
	}
	return first
}
