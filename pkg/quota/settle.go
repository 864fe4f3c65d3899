package quota

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Observed is one stored object as a quorum read showed it. An object that holds nothing
// any more, such as a session that ended, is observed with no amounts: that it was stored
// is what confirms its entry.
type Observed struct {
	Tenant string
	// Owner is the user whose windows its use goes to.
	Owner string
	Key   Key
	UID   types.UID
	// Version is its resourceVersion.
	Version string
	Amounts map[string]resource.Quantity
	// Metered is its use so far, for each window that it touched.
	Metered []Use
	// Charges are what its creation took of present windows. They are entered when the
	// ledger is rebuilt from nothing, and else when its entry is confirmed.
	Charges []v1alpha1.LedgerCharge
	// Remembered marks no object, but what is known of the owner's windows from elsewhere:
	// they are brought to at least these amounts when the ledger is rebuilt from nothing.
	Remembered bool
}

// Use is an amount of one dimension within one window.
type Use = v1alpha1.LedgerCharge

// Past remembers objects that are no more.
type Past interface {
	// Gone reports whether an object was seen stored and deleted, and what it used up to
	// its end of what is metered.
	Gone(uid types.UID) (metered []Use, gone bool)
	// Since is from when on every object that was stored has been seen.
	Since() time.Time
}

// Settlement is one look at what is stored, by which a ledger is rebuilt.
type Settlement struct {
	// Tenants whose sections are rebuilt; nil means all.
	Tenants map[string]bool
	// Observed must be a quorum read of all objects of those tenants that was made after
	// the ledger was read, at the time Now.
	Observed []Observed
	// Past may be nil.
	Past Past
	// TTL is what entries live.
	TTL time.Duration
	// Now is the time before Observed was read.
	Now time.Time
	// Anew says that there was no ledger: windows begin with what stored objects took, but
	// for what Others charged.
	Anew bool
	// Moved are the tenants with a section here who are in another domain now, each with what
	// her objects used by now of what is metered here.
	Moved map[string]map[types.UID][]Use
	// Others are the sections of all other domains.
	Others []v1alpha1.LedgerSection
}

// Settle rebuilds sections of the ledger from what is stored. The result may only be
// written if no other settlement came in between: then an object that is missing in
// Observed still has its entry.
//
// An entry ends when each UID that claims it is observed or, as Past knows, was stored and
// deleted; an update's when the object has a later version; and both past their expiry.
// One that stays on a key which an object holds counts with that object, not beside it, at
// the larger of the two amounts. What an ended entry charges goes to its windows once for
// each UID that was stored; so it does at its expiry where nobody watched all the time.
// Sections that hold nothing are left out.
func Settle(spec v1alpha1.QuotaLedgerSpec, by Settlement) v1alpha1.QuotaLedgerSpec {
	b := newBooks(by)
	next := v1alpha1.QuotaLedgerSpec{Domain: spec.Domain, Settlements: spec.Settlements, Reports: spec.Reports}
	for i := range spec.Sections {
		s := spec.Sections[i].DeepCopy()
		if !by.covers(s.Tenant) {
			next.Sections = append(next.Sections, *s)
			continue
		}
		b.open(s)
	}
	for _, o := range by.Observed {
		if by.covers(o.Tenant) && !o.Remembered {
			b.enter(o)
		}
	}
	if by.Anew {
		b.deduct()
	}
	for _, o := range by.Observed {
		if by.covers(o.Tenant) && o.Remembered {
			b.remember(o)
		}
	}
	for _, book := range b.sections {
		if s := book.close(by.Now); s != nil {
			next.Sections = append(next.Sections, *s)
		}
	}
	slices.SortFunc(next.Sections, func(a, b v1alpha1.LedgerSection) int { return strings.Compare(a.Tenant, b.Tenant) })
	return next
}

func (by Settlement) covers(tenant string) bool { return by.Tenants == nil || by.Tenants[tenant] }

// SettledAlike reports whether two states of one ledger differ only by reservations that
// the second one has on top: then what was observed after the first one settles the
// second one too. That both say the same does not tell it: one object may have come and
// another gone in between.
func SettledAlike(before, after v1alpha1.QuotaLedgerSpec) bool {
	if before.Settlements != after.Settlements {
		return false
	}
	sections := make(map[string]*v1alpha1.LedgerSection, len(after.Sections))
	for i := range after.Sections {
		sections[after.Sections[i].Tenant] = &after.Sections[i]
	}
	for i := range before.Sections {
		old := &before.Sections[i]
		now := sections[old.Tenant]
		if now == nil || !sameAmounts(old.Settled, now.Settled) || !sameWindows(old, now) {
			return false
		}
		keys := make(map[Key]bool, len(now.Entries))
		for _, e := range now.Entries {
			keys[keyOf(e)] = true
		}
		for _, e := range old.Entries {
			if !keys[keyOf(e)] {
				return false
			}
		}
		delete(sections, old.Tenant)
	}
	// A section that reservations made holds entries only.
	for _, s := range sections {
		if len(s.Settled)+len(s.Windows)+len(s.Meters) > 0 {
			return false
		}
	}
	return true
}
