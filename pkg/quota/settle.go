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
	Tenant  string
	Key     Key
	UID     types.UID
	Amounts map[string]resource.Quantity
}

// Settle rebuilds the ledger from what is stored. observed must be a quorum read of all
// objects of the domain that was made after spec was read, and the result may only be
// written if the ledger did not change in between: then an object that is missing in
// observed still has its entry.
//
// An entry ends when each UID that claims it is observed or, as gone knows, was stored and
// deleted; or when it is past its expiry. One that stays on a key which an object holds
// counts with that object, not beside it, at the larger of the two amounts.
// Sections that hold nothing are left out.
func Settle(spec v1alpha1.QuotaLedgerSpec, observed []Observed, gone func(types.UID) bool, now time.Time) v1alpha1.QuotaLedgerSpec {
	stored := make(map[types.UID]bool, len(observed))
	for _, o := range observed {
		stored[o.UID] = true
	}
	accounted := func(uid types.UID) bool { return stored[uid] || (gone != nil && gone(uid)) }
	ended := func(e v1alpha1.LedgerEntry) bool {
		if !now.Before(e.Expires.Time) {
			return true
		}
		return accounted(e.UID) && !slices.ContainsFunc(e.Contenders, func(u types.UID) bool { return !accounted(u) })
	}

	type section struct {
		settled amounts
		entries []v1alpha1.LedgerEntry
		byKey   map[Key]int
	}
	sections := map[string]*section{}
	get := func(tenant string) *section {
		s := sections[tenant]
		if s == nil {
			s = &section{settled: amounts{}, byKey: map[Key]int{}}
			sections[tenant] = s
		}
		return s
	}

	for i := range spec.Sections {
		s := get(spec.Sections[i].Tenant)
		for _, entry := range spec.Sections[i].Entries {
			if ended(entry) {
				continue
			}
			s.byKey[keyOf(entry)] = len(s.entries)
			s.entries = append(s.entries, *entry.DeepCopy())
		}
	}
	for _, o := range observed {
		s := get(o.Tenant)
		if at, held := s.byKey[o.Key]; held {
			larger := fromList(s.entries[at].Amounts)
			larger.raise(o.Amounts)
			s.entries[at].Amounts = larger.list()
			continue
		}
		s.settled.addAll(o.Amounts)
	}

	next := v1alpha1.QuotaLedgerSpec{Domain: spec.Domain}
	for tenant, s := range sections {
		settled := s.settled.list()
		if len(settled) == 0 && len(s.entries) == 0 {
			continue
		}
		next.Sections = append(next.Sections, v1alpha1.LedgerSection{Tenant: tenant, Settled: settled, Entries: s.entries})
	}
	slices.SortFunc(next.Sections, func(a, b v1alpha1.LedgerSection) int { return strings.Compare(a.Tenant, b.Tenant) })
	return next
}

// Standing is what one tenant holds, by dimension.
type Standing struct{ Used, Reserved map[string]resource.Quantity }

// StandingOf reads a tenant's section; a tenant without one holds nothing.
func StandingOf(spec v1alpha1.QuotaLedgerSpec, tenant string) Standing {
	a := count(spec, Key{}, func(s v1alpha1.LedgerSection) bool { return s.Tenant == tenant })
	return Standing{Used: a.settled, Reserved: a.reserved}
}
