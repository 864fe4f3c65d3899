package provision

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/crd"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

const (
	// settlePause gathers events of one domain into one settlement.
	settlePause = 200 * time.Millisecond
	// confirmPause gathers what came, which frees nothing, so that nobody waits for it.
	confirmPause = 2 * time.Second
	// crowded is how many open entries are confirmed without that pause: each write of the
	// ledger carries them all.
	crowded = 40
	// sweep is the longest that an entry is left alone which no event tells about.
	sweep = 15 * time.Second
	// strange is how soon a section is looked at that somebody else seems to have changed by
	// hand: what guards a tenant is put back within five seconds.
	strange = 3 * time.Second
	// whole is how often all sections of a domain are settled, whatever was heard.
	whole = 10 * time.Minute
)

// settler settles the ledgers, of each domain the sections of the tenants of whom
// something was heard, and confirms what came; a request's name is the domain.
type settler struct {
	ledger settlements
	past   *past
	dirty  *dirty
	pace   pace
	now    func() time.Time
	// told is told of what was put back; may be nil.
	told events.EventRecorder
}

// settlements is what a settler asks of crd.Ledger.
type settlements interface {
	Settle(ctx context.Context, domain string, tenants map[string]bool, past quota.Past) (v1alpha1.QuotaLedgerSpec, error)
	Confirm(ctx context.Context, domain string) (crd.Confirmation, error)
}

func newSettler(l settlements, now func() time.Time) *settler {
	return &settler{ledger: l, past: &past{}, dirty: &dirty{now: now}, now: now}
}

// Reconcile settles what there is to settle of a domain, or confirms what came, and comes
// back as long as entries are open.
func (r *settler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	began := r.now()
	if left := r.pace.left(req.Name, began); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	r.past.watches(began)
	tenants := r.dirty.take(req.Name)
	if tenants != nil && len(tenants) == 0 {
		return r.confirm(ctx, req.Name, began)
	}
	arrivals := r.dirty.arrivals(req.Name)
	spec, err := r.ledger.Settle(ctx, req.Name, tenants, r.past)
	r.pace.settled(req.Name, began, r.now())
	if err != nil {
		r.dirty.back(req.Name, tenants)
		return later(err)
	}
	r.dirty.wrote(req.Name, spec, tenants)
	r.tell(req.Name, spec)
	// What had come before the settlement began was listed by it.
	maps.DeleteFunc(arrivals, func(_ types.UID, tenant string) bool { return tenants != nil && !tenants[tenant] })
	r.dirty.accounted(req.Name, maps.Keys(arrivals))
	next := r.next(req.Name, spec)
	if r.dirty.entries(req.Name) > 0 {
		next = min(next, confirmPause) // of others, who came meanwhile
	}
	return reconcile.Result{RequeueAfter: next}, nil
}

// tell says whose sections were put back, or that all of them were.
func (r *settler) tell(domain string, spec v1alpha1.QuotaLedgerSpec) {
	tenants, remade := r.dirty.repaired(domain, spec), r.dirty.remade(domain)
	if r.told == nil {
		return
	}
	ledger := &v1alpha1.QuotaLedger{ObjectMeta: metav1.ObjectMeta{Name: quota.DomainName(domain)}}
	if remade && spec.Domain != "" { // else it went with its owner
		r.told.Eventf(ledger, nil, corev1.EventTypeWarning, "Repaired", actionRemake, "it was deleted; it is made again of what is stored")
		return
	}
	if len(tenants) == 0 {
		return
	}
	slices.Sort(tenants)
	r.told.Eventf(ledger, nil, corev1.EventTypeWarning, "Repaired", actionRepair, "somebody changed what is said of %s; it is what is stored again", strings.Join(tenants, ", "))
}

// confirm takes its time, unless many entries are open.
func (r *settler) confirm(ctx context.Context, domain string, began time.Time) (reconcile.Result, error) {
	if left := r.pace.confirms(domain, began); left > 0 && r.dirty.entries(domain) < crowded {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	arrivals := r.dirty.arrivals(domain)
	c, err := r.ledger.Confirm(ctx, domain)
	r.pace.confirmed(domain, began, r.now())
	if errors.Is(err, crd.ErrAnew) {
		r.dirty.addAll(domain)
		return reconcile.Result{RequeueAfter: settlePause}, nil
	}
	if err != nil {
		return later(err)
	}
	next := r.next(domain, c.Spec)
	r.dirty.accounted(domain, maps.Keys(c.Confirmed))
	for uid, tenant := range arrivals {
		if !c.Confirmed[uid] {
			// No entry tells of it: it was lost with a ledger, or made elsewhere.
			c.Rest[tenant] = true
		}
	}
	for name := range c.Rest {
		r.dirty.add(domain, name)
		next = settlePause
	}
	return reconcile.Result{RequeueAfter: next}, nil
}

// later tries again soon what other writers were quicker at.
func later(err error) (reconcile.Result, error) {
	if errors.Is(err, quota.ErrConflict) {
		return reconcile.Result{RequeueAfter: settlePause}, nil
	}
	return reconcile.Result{}, err
}

// next is when a domain is looked at again, whatever is heard: when the first of what is
// open is due, else when all of it is.
func (r *settler) next(domain string, spec v1alpha1.QuotaLedgerSpec) time.Duration {
	r.open(domain, spec)
	return min(nextSweep(spec, r.now()), r.dirty.soonest(domain))
}

// open notes what of a ledger is open, as it is now.
func (r *settler) open(domain string, spec v1alpha1.QuotaLedgerSpec) {
	now, entries, ends := r.now(), 0, map[string]time.Time{}
	for _, s := range spec.Sections {
		entries += len(s.Entries)
		if len(s.Entries) > 0 || runs(s) {
			ends[s.Tenant] = endOf(s, now)
		}
	}
	r.dirty.opened(domain, entries, ends)
}

// nextSweep is how long until the first section ends, or until all are looked at again.
func nextSweep(spec v1alpha1.QuotaLedgerSpec, now time.Time) time.Duration {
	next := whole
	for _, s := range spec.Sections {
		next = min(next, max(endOf(s, now).Sub(now), time.Second))
	}
	return next
}

// endOf is when a section is settled though nothing was heard of its tenant: a create that
// nobody saw is over when its entry expires, an update or a meter is looked after sooner.
func endOf(s v1alpha1.LedgerSection, now time.Time) time.Time {
	end := now.Add(whole)
	if runs(s) {
		end = now.Add(sweep)
	}
	for _, e := range s.Entries {
		over := e.Expires.Time
		if look := now.Add(sweep); e.Version != "" && look.Before(over) {
			over = look
		}
		if over.Before(end) {
			end = over
		}
	}
	return end
}

// runs reports whether a section has meters that go on.
func runs(s v1alpha1.LedgerSection) bool {
	return slices.ContainsFunc(s.Meters, func(m v1alpha1.LedgerMeter) bool { return !m.Left })
}

// domains finds the domain of what was seen.
type domains struct {
	client.Reader
	prefix string
}

// ofNamespace gives the tenant of a namespace and her domain; "" for a namespace of no
// tenant that is known: the tenant's own event brings its domain later.
func (d domains) ofNamespace(ctx context.Context, namespace string) (domain, name string) {
	name, ours := strings.CutPrefix(namespace, d.prefix)
	if !ours {
		return "", ""
	}
	var t v1alpha1.Tenant
	if err := d.Get(ctx, client.ObjectKey{Name: name}, &t); err != nil {
		return "", ""
	}
	return tenant.DomainOf(t.Name, t.Spec.Organization), name
}
