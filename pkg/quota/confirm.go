package quota

import (
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Plain reports whether an entry tells of one create that is still on its way. Once its
// object is seen stored, all that the entry says has come true, whatever else is stored.
func Plain(e v1alpha1.LedgerEntry, now time.Time) bool {
	return e.Version == "" && len(e.Contenders)+len(e.Held) == 0 && e.Taken == 0 && now.Before(e.Expires.Time)
}

// Confirm moves plain entries whose objects were seen stored from what is reserved to what
// is settled, with the amounts that were reserved. Everything else stays as it is.
//
// An object that went again, or holds less by now, counts until a settlement; one comes,
// because whoever saw the object come is told of that too.
func Confirm(spec v1alpha1.QuotaLedgerSpec, seen func(v1alpha1.LedgerEntry) bool, now time.Time) v1alpha1.QuotaLedgerSpec {
	next := v1alpha1.QuotaLedgerSpec{Domain: spec.Domain, Settlements: spec.Settlements, Reports: spec.Reports}
	for _, s := range spec.Sections {
		confirmed := confirm(s, func(e v1alpha1.LedgerEntry) bool { return Plain(e, now) && seen(e) })
		if closed := confirmed.close(now); closed != nil {
			next.Sections = append(next.Sections, *closed)
		}
	}
	return next
}

func confirm(section v1alpha1.LedgerSection, stored func(v1alpha1.LedgerEntry) bool) *book {
	s := &book{LedgerSection: *section.DeepCopy(), settled: fromList(section.Settled)}
	s.Entries = nil
	for _, e := range section.Entries {
		if !stored(e) {
			s.Entries = append(s.Entries, e)
			continue
		}
		s.chargeEntry(e, nil)
		s.settled.addAll(fromList(e.Amounts))
	}
	return s
}

// Explained reports whether a section came from another by reservations and confirmations
// alone, of entries that live no longer than ttl. If not, somebody settled it, or put his hand
// to it, or has a wrong clock.
func Explained(before, after v1alpha1.LedgerSection, now time.Time, ttl time.Duration) bool {
	open := make(map[Key]v1alpha1.LedgerEntry, len(after.Entries))
	for _, e := range after.Entries {
		if e.Expires.After(now.Add(ttl + clockSlack)) {
			return false
		}
		open[keyOf(e)] = e
	}
	confirmed := confirm(before, func(e v1alpha1.LedgerEntry) bool { _, is := open[keyOf(e)]; return !is })
	for _, e := range confirmed.Entries {
		kept := open[keyOf(e)]
		if !within(e.Amounts, kept.Amounts) || !within(kept.Held, e.Held) {
			return false
		}
	}
	expected := confirmed.close(now)
	if expected == nil {
		expected = &v1alpha1.LedgerSection{}
	}
	return sameAmounts(expected.Settled, after.Settled) && sameWindows(expected, &after)
}

// clockSlack is how far the clocks of honest servers are apart.
const clockSlack = 5 * time.Second

// within reports whether no amount of a list is above that of another.
func within(list, bound []v1alpha1.LedgerAmount) bool {
	most := fromList(bound)
	for _, a := range list {
		if have := most[a.Dimension]; a.Amount.Cmp(have) > 0 {
			return false
		}
	}
	return true
}
