package provision

import (
	"context"
	"errors"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

const (
	// settlePause gathers events of one domain into one settlement.
	settlePause = 200 * time.Millisecond
	// sweep is the longest that an entry is left alone which no event tells about.
	sweep = 15 * time.Second
)

// settler settles the ledger of a domain; a request's name is the domain.
type settler struct {
	settle func(ctx context.Context, domain string, gone func(types.UID) bool) (v1alpha1.QuotaLedgerSpec, error)
	gone   *gone
	now    func() time.Time
}

// Reconcile settles one domain, and comes back as long as entries are open.
func (r *settler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	spec, err := r.settle(ctx, req.Name, r.gone.has)
	if errors.Is(err, quota.ErrConflict) {
		return reconcile.Result{RequeueAfter: settlePause}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: nextSweep(spec, r.now())}, nil
}

// nextSweep is when the first open entry expires, but not too often nor too late; zero
// when none is open.
func nextSweep(spec v1alpha1.QuotaLedgerSpec, now time.Time) time.Duration {
	next := time.Duration(0)
	for _, s := range spec.Sections {
		for _, e := range s.Entries {
			left := min(max(e.Expires.Sub(now), time.Second), sweep)
			if next == 0 || left < next {
				next = left
			}
		}
	}
	return next
}

// domains finds the domain of what was seen.
type domains struct {
	client.Reader
	prefix string
}

// ofNamespace is "" for a namespace of no tenant that is known; the tenant's own event
// brings its domain later.
func (d domains) ofNamespace(ctx context.Context, namespace string) string {
	name, ours := strings.CutPrefix(namespace, d.prefix)
	if !ours {
		return ""
	}
	var t v1alpha1.Tenant
	if err := d.Get(ctx, client.ObjectKey{Name: name}, &t); err != nil {
		return ""
	}
	return tenant.DomainOf(t.Name, t.Spec.Organization)
}

// ofObject reads a Tenant's or a QuotaLedger's.
func (d domains) ofObject(o client.Object) string {
	switch o := o.(type) {
	case *v1alpha1.Tenant:
		return tenant.DomainOf(o.Name, o.Spec.Organization)
	case *v1alpha1.QuotaLedger:
		return o.Spec.Domain
	}
	return ""
}
