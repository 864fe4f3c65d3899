package crd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
)

// Confirm takes off the domain's ledger the entries of creates whose objects the watches
// have shown, and returns what the ledger is then, and which tenants are to be settled
// because more than this has to be known of what came. It lists nothing, so it costs the
// same however much a tenant has. Of a ledger that is not there all are to be settled, which
// is told by ErrAnew.
func (l *Ledger) Confirm(ctx context.Context, domain string) (confirmed v1alpha1.QuotaLedgerSpec, rest map[string]bool, err error) {
	confirmed, rest, err = l.confirm(ctx, domain)
	if err != nil {
		return confirmed, nil, fmt.Errorf("confirm %s: %w", quota.DomainName(domain), err)
	}
	return confirmed, rest, nil
}

// ErrAnew says that there is no ledger of the domain to confirm anything in.
var ErrAnew = errors.New("there is no ledger yet")

func (l *Ledger) confirm(ctx context.Context, domain string) (confirmed v1alpha1.QuotaLedgerSpec, rest map[string]bool, err error) {
	done, err := l.turns.take(ctx, domain)
	if err != nil {
		return confirmed, nil, fmt.Errorf("%w: %w", quota.ErrConflict, err)
	}
	defer done()
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return confirmed, nil, fmt.Errorf("%w: %w", quota.ErrConflict, err)
		}
		at, err := l.read(ctx, domain)
		if err != nil {
			return confirmed, nil, err
		}
		if at.anew {
			return confirmed, nil, ErrAnew
		}
		seen, err := l.shown(ctx, at.Spec)
		if err != nil {
			return confirmed, nil, err
		}
		confirmed = quota.Confirm(at.Spec, func(e v1alpha1.LedgerEntry) bool { return seen.confirmed[e.UID] }, l.now())
		lost, err := l.write(ctx, at, confirmed)
		if !lost {
			return confirmed, seen.rest, err
		}
	}
	return confirmed, nil, quota.ErrConflict
}

// sighted is what the watches show of a ledger's entries.
type sighted struct {
	confirmed map[types.UID]bool
	rest      map[string]bool
}

// shown looks for the objects of creates among what the watches show. What a tenant of
// another domain has counts there.
func (l *Ledger) shown(ctx context.Context, spec v1alpha1.QuotaLedgerSpec) (sighted, error) {
	out := sighted{map[types.UID]bool{}, map[string]bool{}}
	now := l.now()
	for _, s := range spec.Sections {
		if len(s.Entries) == 0 {
			continue
		}
		is, err := membershipOf(ctx, l.watched, spec.Domain, s.Tenant)
		if err != nil {
			return out, err
		}
		if is != present {
			continue
		}
		for _, e := range s.Entries {
			uid, err := l.watchedUID(ctx, e)
			switch {
			case err != nil:
				return out, err
			case e.Version != "" || uid == "" || uid != e.UID && !slices.Contains(e.Contenders, uid):
			case quota.Plain(e, now) && !metered(e):
				out.confirmed[uid] = true
			default:
				out.rest[s.Tenant] = true
			}
		}
	}
	return out, nil
}

// watchedUID is the UID of the object of an entry's name, "" where the watches show none.
func (l *Ledger) watchedUID(ctx context.Context, e v1alpha1.LedgerEntry) (types.UID, error) {
	k, counts := kindOf(e.GroupResource)
	if !counts {
		return "", nil
	}
	o := k.object()
	err := l.watched.Get(ctx, client.ObjectKey{Namespace: e.Namespace, Name: e.Name}, o, client.UnsafeDisableDeepCopy)
	if err != nil && !apierrors.IsNotFound(err) {
		return "", fmt.Errorf("%s %s/%s: %w", k.gvk.Kind, e.Namespace, e.Name, err)
	}
	return o.GetUID(), nil
}

// metered entries are of Pods whose device time their status tells, which only a settlement
// reads.
func metered(e v1alpha1.LedgerEntry) bool {
	for _, c := range e.Charges {
		if c.Dimension == gpu.Dimension {
			return true
		}
	}
	return false
}
