package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
)

// platform is a picture of a platform in which writes are tried: what a gate asks of
// the cluster is answered from it, and what was reserved before counts.
type platform struct {
	snapshot *facts.Snapshot
	now      func() time.Time
	// owner reads an object that owns another.
	owner func(ctx context.Context, kind review.Kind, namespace, name string) (facts.Owner, error)
	// ledger reads what a quota domain holds already.
	ledger func(ctx context.Context, domain string) (v1alpha1.QuotaLedgerSpec, error)

	stored storedPolicies

	mu      sync.Mutex
	ledgers map[string]v1alpha1.QuotaLedgerSpec
}

// newPlatform stands alone: no owners, and ledgers that begin empty.
func newPlatform(objects facts.Objects, now func() time.Time) *platform {
	return &platform{
		snapshot: facts.Build(objects),
		now:      now,
		owner: func(_ context.Context, kind review.Kind, namespace, name string) (facts.Owner, error) {
			return facts.Owner{}, fmt.Errorf("%s %s/%s: %w", kind.Kind, namespace, name, facts.ErrNoOwner)
		},
		ledger: func(_ context.Context, domain string) (v1alpha1.QuotaLedgerSpec, error) {
			return v1alpha1.QuotaLedgerSpec{Domain: domain}, nil
		},
		ledgers: map[string]v1alpha1.QuotaLedgerSpec{},
	}
}

// Snapshot, Age and Live make it a facts.Source: a picture is never old.
func (p *platform) Snapshot() *facts.Snapshot { return p.snapshot }

// Age implements facts.Source.
func (p *platform) Age(time.Time) time.Duration { return 0 }

// Live implements facts.Source.
func (p *platform) Live(_ context.Context, namespace string) (*facts.Home, error) {
	if home, ok := p.snapshot.HomeOf(namespace); ok {
		return home, nil
	}
	return nil, fmt.Errorf("namespace %q: %w", namespace, facts.ErrUnknown)
}

// Owner implements facts.OwnerReader.
func (p *platform) Owner(ctx context.Context, kind review.Kind, namespace, name string) (facts.Owner, error) {
	return p.owner(ctx, kind, namespace, name)
}

// Reserve implements quota.Ledger.
func (p *platform) Reserve(ctx context.Context, r quota.Request) (quota.Decision, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	spec, ok := p.ledgers[r.Domain]
	if !ok {
		var err error
		if spec, err = p.ledger(ctx, r.Domain); err != nil {
			return quota.Decision{}, err
		}
	}
	next, decision := quota.Reserve(spec, r, p.now(), time.Minute)
	if decision.Reserved() {
		p.ledgers[r.Domain] = next
	}
	return decision, nil
}

// ownerOf takes from an object what a gate reads of an owner.
func ownerOf(obj *unstructured.Unstructured) facts.Owner {
	owner := facts.Owner{UID: string(obj.GetUID()), Annotations: obj.GetAnnotations(), Labels: obj.GetLabels()}
	if ref := metav1.GetControllerOf(obj); ref != nil {
		kind := kindOf(ref.APIVersion, ref.Kind)
		owner.Controller = &facts.OwnerRef{Kind: kind, Name: ref.Name, UID: string(ref.UID)}
	}
	return owner
}
