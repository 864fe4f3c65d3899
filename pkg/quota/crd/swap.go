package crd

import (
	"context"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// state is a ledger as it was read.
type state struct {
	*v1alpha1.QuotaLedger
	// anew says that nothing of it can be used: there was none, or what stood there was
	// another domain's.
	anew bool
	// kept says that a ledger of nothing is to be stored: a domain of somebody's has one, or
	// each dry run would look everywhere for what it would hold.
	kept bool
	// touched says that it is to be stored though its spec is the same.
	touched bool
}

// read gets the domain's ledger as it is stored, or an empty one to begin anew with.
func (l *Ledger) read(ctx context.Context, domain string) (*state, error) {
	if _, _, ok := quota.SplitDomain(domain); !ok {
		return nil, fmt.Errorf("%q is no quota domain", domain)
	}
	ledger := &v1alpha1.QuotaLedger{}
	err := l.client.Get(ctx, client.ObjectKey{Name: quota.DomainName(domain)}, ledger)
	switch {
	case apierrors.IsNotFound(err):
		return &state{anew: true, QuotaLedger: &v1alpha1.QuotaLedger{
			ObjectMeta: metav1.ObjectMeta{Name: quota.DomainName(domain), Finalizers: []string{Finalizer}},
			Spec:       v1alpha1.QuotaLedgerSpec{Domain: domain},
		}}, nil
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%w: read: %w", quota.ErrConflict, err)
	case err != nil:
		return nil, fmt.Errorf("read: %w", err)
	case ledger.Spec.Domain != domain:
		ledger.Spec = v1alpha1.QuotaLedgerSpec{Domain: domain}
		return &state{anew: true, QuotaLedger: ledger}, nil
	}
	return &state{QuotaLedger: ledger}, nil
}

// enter writes what is stored, and counts that it was entered.
func (l *Ledger) enter(ctx context.Context, at *state, next v1alpha1.QuotaLedgerSpec) (lost bool, err error) {
	if !apiequality.Semantic.DeepEqual(at.Spec, next) {
		next.Settlements = at.Spec.Settlements + 1
	}
	return l.write(ctx, at, next)
}

// write stores next in place of what was read; lost says that another writer was quicker.
// Afterwards at is what is stored.
func (l *Ledger) write(ctx context.Context, at *state, next v1alpha1.QuotaLedgerSpec) (lost bool, err error) {
	nothing := len(next.Sections)+len(next.Reports) == 0
	if at.ResourceVersion == "" && nothing && !at.kept || at.ResourceVersion != "" && !at.anew && !at.touched && apiequality.Semantic.DeepEqual(at.Spec, next) {
		return false, nil
	}
	at.Spec = next
	began := time.Now()
	if at.ResourceVersion == "" {
		err = l.client.Create(ctx, at.QuotaLedger)
	} else {
		err = l.client.Update(ctx, at.QuotaLedger)
	}
	lost = apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err)
	l.swapped(time.Since(began), lost)
	switch {
	case err == nil:
		at.anew, at.touched = false, false
		return false, nil
	case lost:
		return true, nil
	case ctx.Err() != nil:
		// It may have been stored. The same UID asking again finds its own entry.
		return false, fmt.Errorf("%w: write: %w", quota.ErrConflict, err)
	}
	return false, fmt.Errorf("write: %w", err)
}
