package provision

import (
	"context"
	"errors"
	"strings"
	"time"

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
	// sweep is the longest that an entry is left alone which no event tells about.
	sweep = 15 * time.Second
	// whole is how often all sections of a domain are settled, whatever was heard.
	whole = 10 * time.Minute
)

// settler settles the ledgers, of each domain the sections of the tenants of whom
// something was heard; a request's name is the domain.
type settler struct {
	settle func(ctx context.Context, domain string, tenants map[string]bool, past quota.Past) (v1alpha1.QuotaLedgerSpec, error)
	past   *past
	dirty  *dirty
	pace   pace
	now    func() time.Time
}

func newSettler(l *crd.Ledger, now func() time.Time) *settler {
	return &settler{settle: l.Settle, past: &past{}, dirty: &dirty{now: now}, now: now}
}

// Reconcile settles what there is to settle of a domain, and comes back as long as entries
// are open.
func (r *settler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	began := r.now()
	if left := r.pace.left(req.Name, began); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	r.past.watches(began)
	tenants := r.dirty.take(req.Name)
	spec, err := r.settle(ctx, req.Name, tenants, r.past)
	r.pace.settled(req.Name, began, r.now())
	if err != nil {
		r.dirty.back(req.Name, tenants)
	}
	if errors.Is(err, quota.ErrConflict) {
		return reconcile.Result{RequeueAfter: settlePause}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	for _, s := range spec.Sections {
		if len(s.Entries)+len(s.Meters) > 0 {
			r.dirty.add(req.Name, s.Tenant)
		}
	}
	return reconcile.Result{RequeueAfter: nextSweep(spec, r.now())}, nil
}

// nextSweep is when the first open entry expires, but not too often nor too late; where
// meters run, a sweep; else when all of the domain is looked at again.
func nextSweep(spec v1alpha1.QuotaLedgerSpec, now time.Time) time.Duration {
	next := whole
	for _, s := range spec.Sections {
		if len(s.Meters) > 0 {
			next = min(next, sweep)
		}
		for _, e := range s.Entries {
			left := min(max(e.Expires.Sub(now), time.Second), sweep)
			next = min(next, left)
		}
	}
	return next
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
