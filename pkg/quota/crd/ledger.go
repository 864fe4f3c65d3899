package crd

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/turn"
)

// maxLedgerBytes keeps a ledger well below what etcd and the API server take.
const maxLedgerBytes = 256 << 10

// Options of a Ledger.
type Options struct {
	// Client reads and writes QuotaLedgers and lists Tenants and what counts. It must ask
	// the API server each time: a read from a cache would only lose the swap.
	Client client.Client
	// Watched shows by watches what is stored of Tenants and of what counts; only Confirm
	// asks it.
	Watched client.Reader
	// NamespacePrefix begins every tenant namespace, its tenant's name follows.
	NamespacePrefix string
	// TTL is how long a reservation is kept that no stored object confirms.
	TTL time.Duration
	// Account says how a tenant's objects count, those also of one that is no more.
	Account func(ctx context.Context, tenant string) (quota.Account, error)
	// Calendar says when windows begin.
	Calendar quota.Calendar
	// Others gives the sections of all domains but one, from memory; nil lists them, and only
	// for a ledger that begins anew.
	Others func(ctx context.Context, domain string) []v1alpha1.LedgerSection
	// Batched is told of each group of demands that has its answers, Swapped of each write
	// and whether another writer was quicker; may be nil.
	Batched func(demands int)
	Swapped func(took time.Duration, lost bool)
	// Now is the clock; nil means the time of this machine.
	Now func() time.Time
}

// Ledger is a quota.Ledger over QuotaLedger objects. In one process a domain has one
// writer of reservations and one settlement at a time; between processes, and between
// those two, the API server decides.
type Ledger struct {
	client   client.Client
	watched  client.Reader
	prefix   string
	ttl      time.Duration
	now      func() time.Time
	account  func(ctx context.Context, tenant string) (quota.Account, error)
	calendar quota.Calendar
	others   func(ctx context.Context, domain string) []v1alpha1.LedgerSection
	batched  func(demands int)
	swapped  func(took time.Duration, lost bool)
	turns    turns
	batches  *batches
	dry      remembered
}

var _ quota.Ledger = (*Ledger)(nil)

// New returns a Ledger.
func New(o Options) *Ledger {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Batched == nil {
		o.Batched = func(int) {}
	}
	if o.Swapped == nil {
		o.Swapped = func(time.Duration, bool) {}
	}
	l := &Ledger{
		client: o.Client, watched: o.Watched, prefix: o.NamespacePrefix, ttl: o.TTL, now: o.Now, account: o.Account,
		calendar: o.Calendar, others: o.Others, batched: o.Batched, swapped: o.Swapped, turns: turns{of: map[string]chan struct{}{}},
	}
	l.batches = &batches{ledger: l, of: map[string]*queue{}}
	return l
}

// Reserve takes the demand into the domain's ledger or says which limits do not hold it.
// A ledger that is not there is rebuilt from what is stored before anything is reserved.
// It fails with quota.ErrConflict when other writers win until the tries or ctx's time
// are over, and with quota.ErrFull. Demands that arrive while the ledger is being written
// go into the next write together.
func (l *Ledger) Reserve(ctx context.Context, r quota.Request) (quota.Decision, error) {
	turn.End(ctx) // many wait for one write of the ledger, which is the API server's turn
	decision, err := l.reserve(ctx, r)
	if err != nil {
		return quota.Decision{}, fmt.Errorf("reserve for tenant %s in %s: %w", r.Tenant, quota.DomainName(r.Domain), err)
	}
	return decision, nil
}

// reserve looks whether a create's name is taken before a window is charged for it, and
// before it is refused: what holds the name counts with it then, not beside it.
func (l *Ledger) reserve(ctx context.Context, r quota.Request) (decision quota.Decision, err error) {
	if r.DryRun {
		if decision, holds := l.try(ctx, r); holds {
			return decision, nil
		}
	}
	looked := r.Version != "" || r.Held != nil || r.Fresh
	if !looked && r.Charges() {
		if r, err = l.taken(ctx, r); err != nil {
			return decision, err
		}
		looked = true
	}
	decision, err = l.batches.join(ctx, r)
	if err != nil || decision.Reserved() || looked {
		return decision, busy(decision, err)
	}
	if r, err = l.taken(ctx, r); err != nil || !r.Taken {
		return decision, busy(decision, err)
	}
	decision, err = l.batches.join(ctx, r)
	return decision, busy(decision, err)
}

func busy(d quota.Decision, err error) error {
	if err == nil && d.Busy {
		return quota.ErrFull
	}
	return err
}

// taken completes the request of a create with what holds its name already.
func (l *Ledger) taken(ctx context.Context, r quota.Request) (quota.Request, error) {
	k, counts := kindOf(r.Key.GroupResource)
	if !counts || r.Key.Name == "" {
		return r, nil
	}
	o := k.object()
	err := l.client.Get(ctx, client.ObjectKey{Namespace: r.Key.Namespace, Name: r.Key.Name}, o)
	if apierrors.IsNotFound(err) || err == nil && string(o.GetUID()) == r.UID {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("%s %s/%s: %w", k.gvk.Kind, r.Key.Namespace, r.Key.Name, err)
	}
	raw, err := k.raw(o)
	if err != nil {
		return r, err
	}
	account, err := l.account(ctx, r.Tenant)
	if err != nil {
		return r, fmt.Errorf("account: %w", err)
	}
	if r.Held, err = account.Measure(ctx, raw); err != nil {
		return r, fmt.Errorf("measure %w", err)
	}
	r.Taken = true
	return r, nil
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
