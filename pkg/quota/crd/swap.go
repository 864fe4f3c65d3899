package crd

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// read gets the domain's ledger as it is stored, or an empty one, without a
// resourceVersion, where there is none.
func (l *Ledger) read(ctx context.Context, domain string) (*v1alpha1.QuotaLedger, error) {
	if _, _, ok := quota.SplitDomain(domain); !ok {
		return nil, fmt.Errorf("%q is no quota domain", domain)
	}
	ledger := &v1alpha1.QuotaLedger{}
	err := l.client.Get(ctx, client.ObjectKey{Name: quota.DomainName(domain)}, ledger)
	switch {
	case apierrors.IsNotFound(err):
		return &v1alpha1.QuotaLedger{
			ObjectMeta: metav1.ObjectMeta{Name: quota.DomainName(domain)},
			Spec:       v1alpha1.QuotaLedgerSpec{Domain: domain},
		}, nil
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%w: read: %w", quota.ErrConflict, err)
	case err != nil:
		return nil, fmt.Errorf("read: %w", err)
	case ledger.Spec.Domain != domain:
		return nil, fmt.Errorf("the ledger is of domain %q", ledger.Spec.Domain)
	}
	return ledger, nil
}

// write stores next in place of what was read; lost says that another writer was quicker.
// Afterwards at is what is stored.
func (l *Ledger) write(ctx context.Context, at *v1alpha1.QuotaLedger, next v1alpha1.QuotaLedgerSpec) (lost bool, err error) {
	switch {
	case at.ResourceVersion == "" && len(next.Sections) == 0, at.ResourceVersion != "" && apiequality.Semantic.DeepEqual(at.Spec, next):
		return false, nil
	case at.ResourceVersion == "":
		at.Spec = next
		err = l.client.Create(ctx, at)
	default:
		at.Spec = next
		err = l.client.Update(ctx, at)
	}
	switch {
	case err == nil:
		return false, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return true, nil
	case ctx.Err() != nil:
		// It may have been stored. The same UID asking again finds its own entry.
		return false, fmt.Errorf("%w: write: %w", quota.ErrConflict, err)
	}
	return false, fmt.Errorf("write: %w", err)
}
