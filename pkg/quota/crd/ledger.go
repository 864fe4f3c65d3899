package crd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// maxLedgerBytes keeps a ledger well below what etcd and the API server take.
const maxLedgerBytes = 256 << 10

// errDryRun ends a change that was only to be judged, before anything is written.
var errDryRun = errors.New("dry run")

// Options of a Ledger.
type Options struct {
	// Client reads and writes QuotaLedgers and lists Tenants and ResearchSessions. It
	// must ask the API server each time: a read from a cache would only lose the swap.
	Client client.Client
	// NamespacePrefix begins every tenant namespace, its tenant's name follows.
	NamespacePrefix string
	// TTL is how long a reservation is kept that no stored object confirms.
	TTL time.Duration
	// Now is the clock; nil means the time of this machine.
	Now func() time.Time
}

// Ledger is a quota.Ledger over QuotaLedger objects. In one process the writers of a
// domain take turns; between processes the API server decides.
type Ledger struct {
	client client.Client
	prefix string
	ttl    time.Duration
	now    func() time.Time
	turns  turns
}

var _ quota.Ledger = (*Ledger)(nil)

// New returns a Ledger.
func New(o Options) *Ledger {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Ledger{client: o.Client, prefix: o.NamespacePrefix, ttl: o.TTL, now: o.Now, turns: turns{of: map[string]chan struct{}{}}}
}

// Reserve takes the demand into the domain's ledger or says which limits do not hold it.
// A ledger that is not there is rebuilt from what is stored before anything is reserved.
// It fails with quota.ErrConflict when other writers win until the tries or ctx's time
// are over, and with quota.ErrFull.
func (l *Ledger) Reserve(ctx context.Context, r quota.Request) (quota.Decision, error) {
	var decision quota.Decision
	err := l.swap(ctx, r.Domain, func(ctx context.Context, spec v1alpha1.QuotaLedgerSpec, isNew bool) (v1alpha1.QuotaLedgerSpec, error) {
		if isNew {
			observed, err := l.observe(ctx, r.Domain)
			if err != nil {
				return spec, err
			}
			spec = quota.Settle(spec, observed, nil, l.now())
		}
		spec, decision = quota.Reserve(spec, r, l.now(), l.ttl)
		if decision.Reserved() && tooLarge(spec) {
			return spec, quota.ErrFull
		}
		if r.DryRun {
			return spec, errDryRun
		}
		return spec, nil
	})
	if errors.Is(err, errDryRun) {
		return decision, nil
	}
	if err != nil {
		return quota.Decision{}, fmt.Errorf("reserve for tenant %s in %s: %w", r.Tenant, quota.DomainName(r.Domain), err)
	}
	return decision, nil
}

// Settle brings the domain's ledger to what is stored, and returns what it is then. gone
// knows UIDs whose objects were seen stored and deleted; it may be nil. The order is what makes it sound: the ledger is read
// first, then the objects by a quorum read, and the write fails if the ledger changed
// since, so that an object too young for the list still has its entry.
func (l *Ledger) Settle(ctx context.Context, domain string, gone func(types.UID) bool) (v1alpha1.QuotaLedgerSpec, error) {
	var settled v1alpha1.QuotaLedgerSpec
	err := l.swap(ctx, domain, func(ctx context.Context, spec v1alpha1.QuotaLedgerSpec, _ bool) (v1alpha1.QuotaLedgerSpec, error) {
		observed, err := l.observe(ctx, domain)
		if err != nil {
			return spec, err
		}
		settled = quota.Settle(spec, observed, gone, l.now())
		return settled, nil
	})
	if err != nil {
		return settled, fmt.Errorf("settle %s: %w", quota.DomainName(domain), err)
	}
	return settled, nil
}

// swap reads the ledger, lets change make the next one and stores it if nobody else did
// meanwhile; else it starts over.
func (l *Ledger) swap(ctx context.Context, domain string, change func(context.Context, v1alpha1.QuotaLedgerSpec, bool) (v1alpha1.QuotaLedgerSpec, error)) error {
	if _, _, ok := quota.SplitDomain(domain); !ok {
		return fmt.Errorf("%q is no quota domain", domain)
	}
	done, err := l.turns.take(ctx, domain)
	if err != nil {
		return fmt.Errorf("%w: %w", quota.ErrConflict, err)
	}
	defer done()

	for try := range maxTries {
		if try > 0 {
			if err := pause(ctx, try); err != nil {
				return fmt.Errorf("%w: %w", quota.ErrConflict, err)
			}
		}
		lost, err := l.once(ctx, domain, change)
		if !lost {
			return err
		}
	}
	return quota.ErrConflict
}

// once is one try; lost says that another writer was quicker.
func (l *Ledger) once(ctx context.Context, domain string, change func(context.Context, v1alpha1.QuotaLedgerSpec, bool) (v1alpha1.QuotaLedgerSpec, error)) (lost bool, err error) {
	ledger := &v1alpha1.QuotaLedger{}
	err = l.client.Get(ctx, client.ObjectKey{Name: quota.DomainName(domain)}, ledger)
	isNew := apierrors.IsNotFound(err)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, fmt.Errorf("%w: read: %w", quota.ErrConflict, err)
	case err != nil && !isNew:
		return false, fmt.Errorf("read: %w", err)
	case isNew:
		ledger = &v1alpha1.QuotaLedger{
			ObjectMeta: metav1.ObjectMeta{Name: quota.DomainName(domain)},
			Spec:       v1alpha1.QuotaLedgerSpec{Domain: domain},
		}
	}
	if ledger.Spec.Domain != domain {
		return false, fmt.Errorf("the ledger is of domain %q", ledger.Spec.Domain)
	}

	next, err := change(ctx, ledger.Spec, isNew)
	if err != nil {
		return false, err
	}
	if isNew {
		if len(next.Sections) == 0 {
			return false, nil
		}
		ledger.Spec = next
		err = l.client.Create(ctx, ledger)
	} else {
		if apiequality.Semantic.DeepEqual(ledger.Spec, next) {
			return false, nil
		}
		ledger.Spec = next
		err = l.client.Update(ctx, ledger)
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

// tooLarge measures only ledgers that could be: an empty entry is over 100 bytes.
func tooLarge(spec v1alpha1.QuotaLedgerSpec) bool {
	entries := 0
	for _, s := range spec.Sections {
		entries += 1 + len(s.Entries)
	}
	if entries < maxLedgerBytes/1024 {
		return false
	}
	raw, err := json.Marshal(spec)
	return err != nil || len(raw) > maxLedgerBytes
}

// turns lets one goroutine at a time have a domain: writers of one process that race
// each other would only lose tries.
type turns struct {
	sync.Mutex
	of map[string]chan struct{}
}

func (t *turns) take(ctx context.Context, domain string) (func(), error) {
	t.Lock()
	turn := t.of[domain]
	if turn == nil {
		turn = make(chan struct{}, 1)
		t.of[domain] = turn
	}
	t.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
