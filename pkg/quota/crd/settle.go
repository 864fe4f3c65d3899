package crd

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// Settle brings sections of the domain's ledger, nil for all, to what is stored, and
// returns what the ledger is then. Past knows objects that were seen stored and deleted;
// it may be nil. The order is what makes it sound: the ledger is read first, then the
// objects by a quorum read, and the write fails if the ledger changed since. Where only
// reservations came in between, what was observed still holds: an object too young for the
// list has its entry. The zero spec is a domain without a ledger: it is nobody's.
func (l *Ledger) Settle(ctx context.Context, domain string, tenants map[string]bool, past quota.Past) (v1alpha1.QuotaLedgerSpec, error) {
	settled, err := l.settle(ctx, domain, tenants, past)
	if err != nil {
		return settled, fmt.Errorf("settle %s: %w", quota.DomainName(domain), err)
	}
	return settled, nil
}

// sight is what was observed, of which state of the ledger.
type sight struct {
	of       v1alpha1.QuotaLedgerSpec
	uid      types.UID // of the ledger
	anew     bool
	by       quota.Settlement
	owners   map[string]string
	others   bool // they are known
	observed bool
}

func (s *sight) holds(at *state) bool {
	return s.observed && s.anew == at.anew && s.uid == at.UID && quota.SettledAlike(s.of, at.Spec)
}

func (l *Ledger) settle(ctx context.Context, domain string, tenants map[string]bool, past quota.Past) (settled v1alpha1.QuotaLedgerSpec, err error) {
	done, err := l.turns.take(ctx, domain)
	if err != nil {
		return settled, fmt.Errorf("%w: %w", quota.ErrConflict, err)
	}
	defer done()
	var seen sight
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return settled, fmt.Errorf("%w: %w", quota.ErrConflict, err)
		}
		at, err := l.read(ctx, domain)
		if err != nil {
			return settled, err
		}
		if !seen.holds(at) {
			if seen, err = l.see(ctx, at, tenants, past); err != nil {
				return settled, err
			}
		}
		settled = l.settled(at.Spec, seen)
		at.kept = len(seen.owners) > 0
		at.guard(settled)
		lost, err := l.enter(ctx, at, settled)
		if lost {
			continue
		}
		switch {
		case err == nil && (at.ResourceVersion == "" || at.gone() && !at.kept):
			return v1alpha1.QuotaLedgerSpec{}, nil // nobody's, and so there is none
		case err == nil && at.gone():
			return v1alpha1.QuotaLedgerSpec{Domain: domain}, nil // the next one begins anew
		}
		return at.Spec, err
	}
	return settled, quota.ErrConflict
}

// see observes for a settlement of the ledger as it was read. One that begins anew is
// rebuilt whole.
func (l *Ledger) see(ctx context.Context, at *state, tenants map[string]bool, past quota.Past) (sight, error) {
	if at.anew {
		tenants = nil
	}
	by := quota.Settlement{Tenants: tenants, Past: past, TTL: l.ttl, Now: l.now(), Anew: at.anew}
	seen, err := l.observe(ctx, at.Spec, tenants, at.anew)
	if err != nil {
		return sight{}, err
	}
	by.Observed, by.Moved = seen.objects, seen.moved
	known := at.anew || l.others != nil
	if known {
		if by.Others, err = l.elsewhere(ctx, at.Spec.Domain); err != nil {
			return sight{}, err
		}
	}
	return sight{of: *at.Spec.DeepCopy(), uid: at.UID, anew: at.anew, by: by, owners: seen.owners, others: known, observed: true}, nil
}

// settled is the ledger settled, with what its tenants used elsewhere.
func (l *Ledger) settled(spec v1alpha1.QuotaLedgerSpec, s sight) v1alpha1.QuotaLedgerSpec {
	next := quota.Settle(spec, s.by)
	if !s.others {
		return next
	}
	var windows []v1alpha1.LedgerWindow
	for _, other := range s.by.Others {
		windows = append(append(windows, other.Windows...), quota.Left(other)...)
	}
	for tenant, owner := range s.owners {
		if owner != "" {
			quota.Carry(&next, tenant, owner, windows)
		}
	}
	return next
}

// elsewhere are the sections of all other domains.
func (l *Ledger) elsewhere(ctx context.Context, domain string) ([]v1alpha1.LedgerSection, error) {
	if l.others != nil {
		return l.others(ctx, domain), nil
	}
	var ledgers v1alpha1.QuotaLedgerList
	if err := l.client.List(ctx, &ledgers); err != nil {
		return nil, fmt.Errorf("list ledgers: %w", err)
	}
	return Sections(&ledgers, domain), nil
}

// Sections are those of all ledgers but one domain's. What stands under another domain's name
// counts nowhere.
func Sections(ledgers *v1alpha1.QuotaLedgerList, but string) []v1alpha1.LedgerSection {
	var out []v1alpha1.LedgerSection
	for i := range ledgers.Items {
		ledger := &ledgers.Items[i]
		if domain := quota.DomainOfName(ledger.Name); domain != but && domain == ledger.Spec.Domain {
			out = append(out, ledger.Spec.Sections...)
		}
	}
	return out
}

// Enter adds a report to the windows of its domain. It is entered once, however often it
// is told.
func (l *Ledger) Enter(ctx context.Context, r quota.Report) error {
	fail := func(err error) error {
		return fmt.Errorf("report %d of %s in %s: %w", r.Sequence, r.Reporter, quota.DomainName(r.Domain), err)
	}
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return fail(fmt.Errorf("%w: %w", quota.ErrConflict, err))
		}
		at, err := l.read(ctx, r.Domain)
		if err != nil {
			return fail(err)
		}
		spec := at.Spec
		if at.anew {
			seen, err := l.see(ctx, at, nil, nil)
			if err != nil {
				return fail(err)
			}
			spec = l.settled(spec, seen)
		}
		next, _ := quota.Enter(spec, r)
		if lost, err := l.enter(ctx, at, next); !lost {
			if err != nil {
				return fail(err)
			}
			return nil
		}
	}
	return fail(quota.ErrConflict)
}
