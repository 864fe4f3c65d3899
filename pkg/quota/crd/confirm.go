package crd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
)

// Confirmation is what a look at the watches did to a ledger.
type Confirmation struct {
	// Spec is what the ledger is then.
	Spec v1alpha1.QuotaLedgerSpec
	// Confirmed are the UIDs whose entries were taken off.
	Confirmed map[types.UID]bool
	// Rest are tenants to be settled, because more has to be known of what came.
	Rest map[string]bool
}

// Confirm takes off the domain's ledger the entries of creates whose objects the watches
// have shown. It lists nothing, so it costs the same however much a tenant has. Of a ledger
// that is not there, or is being deleted, all are to be settled, which is told by ErrAnew.
func (l *Ledger) Confirm(ctx context.Context, domain string) (Confirmation, error) {
	c, err := l.confirm(ctx, domain)
	if err != nil {
		return Confirmation{}, fmt.Errorf("confirm %s: %w", quota.DomainName(domain), err)
	}
	return c, nil
}

// ErrAnew says that the domain has no ledger that stays.
var ErrAnew = errors.New("there is no ledger that stays")

func (l *Ledger) confirm(ctx context.Context, domain string) (c Confirmation, err error) {
	done, err := l.turns.take(ctx, domain)
	if err != nil {
		return c, fmt.Errorf("%w: %w", quota.ErrConflict, err)
	}
	defer done()
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return c, fmt.Errorf("%w: %w", quota.ErrConflict, err)
		}
		at, err := l.read(ctx, domain)
		if err != nil {
			return c, err
		}
		if at.anew || at.going() {
			return c, ErrAnew
		}
		if c, err = l.shown(ctx, at.Spec); err != nil {
			return c, err
		}
		c.Spec = quota.Confirm(at.Spec, func(e v1alpha1.LedgerEntry) bool { return c.Confirmed[e.UID] }, l.now())
		lost, err := l.enter(ctx, at, c.Spec)
		if !lost {
			c.Spec = at.Spec
			return c, err
		}
	}
	return c, quota.ErrConflict
}

// shown looks for the objects of creates among what the watches show. What a tenant of
// another domain has counts there.
func (l *Ledger) shown(ctx context.Context, spec v1alpha1.QuotaLedgerSpec) (Confirmation, error) {
	out := Confirmation{Confirmed: map[types.UID]bool{}, Rest: map[string]bool{}}
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
			uid, over, err := l.watchedUID(ctx, e)
			switch {
			case err != nil:
				return out, err
			case e.Version != "" || uid == "" || uid != e.UID && !slices.Contains(e.Contenders, uid):
			case quota.Plain(e, now) && !metered(e) && !over:
				out.Confirmed[uid] = true
			default:
				out.Rest[s.Tenant] = true
			}
		}
	}
	return out, nil
}

// watchedUID is the UID of the object of an entry's name, "" where the watches show none,
// and whether it may hold less by now than when it was made.
func (l *Ledger) watchedUID(ctx context.Context, e v1alpha1.LedgerEntry) (uid types.UID, over bool, err error) {
	k, counts := kindOf(e.GroupResource)
	if !counts {
		return "", false, nil
	}
	o := k.object()
	err = l.watched.Get(ctx, client.ObjectKey{Namespace: e.Namespace, Name: e.Name}, o, client.UnsafeDisableDeepCopy)
	if err != nil && !apierrors.IsNotFound(err) {
		return "", false, fmt.Errorf("%s %s/%s: %w", k.gvk.Kind, e.Namespace, e.Name, err)
	}
	return o.GetUID(), Idle(o), nil
}

// Idle objects have ended, or wait: what they hold is not what they held when they were made.
func Idle(o client.Object) bool {
	switch o := o.(type) {
	case *researchv1.ResearchSession:
		return o.Status.Phase == researchv1.PhaseQueued || o.Status.Phase.Terminal()
	case *corev1.Pod:
		return o.Status.Phase == corev1.PodSucceeded || o.Status.Phase == corev1.PodFailed
	}
	return false
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
