package crd

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// maxLedgerBytes keeps a ledger well below what etcd and the API server take.
const maxLedgerBytes = 256 << 10

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

// Ledger is a quota.Ledger over QuotaLedger objects. In one process a domain has one
// writer of reservations and one settlement at a time; between processes, and between
// those two, the API server decides.
type Ledger struct {
	client  client.Client
	prefix  string
	ttl     time.Duration
	now     func() time.Time
	turns   turns
	batches *batches
}

var _ quota.Ledger = (*Ledger)(nil)

// New returns a Ledger.
func New(o Options) *Ledger {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Ledger{client: o.Client, prefix: o.NamespacePrefix, ttl: o.TTL, now: o.Now, turns: turns{of: map[string]chan struct{}{}}}
	l.batches = &batches{ledger: l, of: map[string]*queue{}}
	return l
}

// Reserve takes the demand into the domain's ledger or says which limits do not hold it.
// A ledger that is not there is rebuilt from what is stored before anything is reserved.
// It fails with quota.ErrConflict when other writers win until the tries or ctx's time
// are over, and with quota.ErrFull. Demands that arrive while the ledger is being written
// go into the next write together.
func (l *Ledger) Reserve(ctx context.Context, r quota.Request) (quota.Decision, error) {
	decision, err := l.batches.join(ctx, r)
	if err != nil {
		return quota.Decision{}, fmt.Errorf("reserve for tenant %s in %s: %w", r.Tenant, quota.DomainName(r.Domain), err)
	}
	return decision, nil
}

// Settle brings the domain's ledger to what is stored, and returns what it is then. gone
// knows UIDs whose objects were seen stored and deleted; it may be nil. The order is what
// makes it sound: the ledger is read first, then the objects by a quorum read, and the
// write fails if the ledger changed since, so that an object too young for the list still
// has its entry.
func (l *Ledger) Settle(ctx context.Context, domain string, gone func(types.UID) bool) (v1alpha1.QuotaLedgerSpec, error) {
	settled, err := l.settle(ctx, domain, gone)
	if err != nil {
		return settled, fmt.Errorf("settle %s: %w", quota.DomainName(domain), err)
	}
	return settled, nil
}

func (l *Ledger) settle(ctx context.Context, domain string, gone func(types.UID) bool) (settled v1alpha1.QuotaLedgerSpec, err error) {
	done, err := l.turns.take(ctx, domain)
	if err != nil {
		return settled, fmt.Errorf("%w: %w", quota.ErrConflict, err)
	}
	defer done()
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return settled, fmt.Errorf("%w: %w", quota.ErrConflict, err)
		}
		at, err := l.read(ctx, domain)
		if err != nil {
			return settled, err
		}
		observed, err := l.observe(ctx, domain)
		if err != nil {
			return settled, err
		}
		settled = quota.Settle(at.Spec, observed, gone, l.now())
		lost, err := l.write(ctx, at, settled)
		if !lost {
			return settled, err
		}
	}
	return settled, quota.ErrConflict
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
