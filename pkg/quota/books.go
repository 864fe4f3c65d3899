package quota

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// books are the sections of a ledger while it is settled.
type books struct {
	by     Settlement
	stored map[types.UID]*Observed
	// metered are the meters of other domains.
	metered  map[types.UID][]v1alpha1.LedgerMeter
	sections map[string]*book
}

// book is one section on its way.
type book struct {
	v1alpha1.LedgerSection
	settled amounts
	byKey   map[Key]int
}

func newBooks(by Settlement) *books {
	b := &books{by: by, stored: make(map[types.UID]*Observed, len(by.Observed)), metered: metersElsewhere(by.Others), sections: map[string]*book{}}
	for i := range by.Observed {
		b.stored[by.Observed[i].UID] = &by.Observed[i]
	}
	return b
}

func (b *books) section(tenant string) *book {
	s := b.sections[tenant]
	if s == nil {
		s = &book{LedgerSection: v1alpha1.LedgerSection{Tenant: tenant}, settled: amounts{}, byKey: map[Key]int{}}
		b.sections[tenant] = s
	}
	return s
}

// open takes over what a section keeps: windows, open entries, and what is gone from its
// meters.
func (b *books) open(from *v1alpha1.LedgerSection) {
	s := b.section(from.Tenant)
	s.Windows = from.Windows
	metered := map[types.UID]bool{}
	for _, m := range from.Meters {
		metered[m.UID] = true
		b.fold(s, m)
	}
	for _, e := range from.Entries {
		// One that says that it lives longer was made by a wrong clock, or by hand.
		if most := expiry(b.by.Now.Add(b.by.TTL + clockSlack)); b.by.TTL > 0 && most.Before(&e.Expires) {
			e.Expires = most
		}
		if !b.confirm(s, &e, metered) {
			continue
		}
		s.byKey[keyOf(e)] = len(s.Entries)
		s.Entries = append(s.Entries, e)
	}
}

// fold charges a meter's window when the object is gone or touches that window no more.
func (b *books) fold(s *book, m v1alpha1.LedgerMeter) {
	if _, moved := b.by.Moved[s.Tenant]; moved {
		b.leave(s, m)
		return
	}
	if o := b.stored[m.UID]; o != nil {
		if _, runs := useOf(o.Metered, m); runs {
			return // it is entered anew
		}
	}
	amount := m.Amount
	if uses, gone := b.gone(m.UID); gone && !m.Left {
		if last, ok := useOf(b.here(m.UID, uses), m); ok {
			amount = last.Amount
		}
	}
	s.charge(m.Owner, Use{Dimension: m.Dimension, Start: m.Start, Length: m.Length, Amount: amount})
}

func (b *books) gone(uid types.UID) ([]Use, bool) {
	if b.by.Past == nil {
		return nil, false
	}
	return b.by.Past.Gone(uid)
}

// confirm takes off an entry the UIDs that are accounted for, and charges what they took.
// It is false when the entry has ended.
func (b *books) confirm(s *book, e *v1alpha1.LedgerEntry, metered map[types.UID]bool) (open bool) {
	expired := !b.by.Now.Before(e.Expires.Time)
	var left []types.UID
	for _, uid := range append([]types.UID{e.UID}, e.Contenders...) {
		o := b.stored[uid]
		uses, gone := b.gone(uid)
		switch {
		case o != nil && !expired && e.Version != "" && compareVersions(o.Version, e.Version) <= 0:
			left = append(left, uid) // its update is still on its way
		case o != nil:
			s.chargeEntry(*e, o.Metered)
		case gone:
			s.chargeEntry(*e, uses)
			if !metered[uid] {
				s.chargeAll(e.Owner, b.here(uid, uses))
			}
		default:
			left = append(left, uid)
		}
	}
	if len(left) == 0 {
		return false
	}
	e.Taken = max(0, e.Taken-int32(1+len(e.Contenders)-len(left))) //nolint:gosec // A handful.
	e.UID, e.Contenders = left[0], without(left[1:], "")
	if expired && b.unseen(*e) {
		for range pending(*e) {
			s.chargeEntry(*e, nil)
		}
	}
	// What stays beside settled is what no stored object of the key has.
	e.Held = nil
	return !expired
}

// unseen reports whether an entry's object may have come and gone while nobody watched.
func (b *books) unseen(e v1alpha1.LedgerEntry) bool {
	return b.by.Past != nil && e.Expires.Add(-b.by.TTL).Before(b.by.Past.Since())
}

// enter counts one stored object.
func (b *books) enter(o Observed) {
	s := b.section(o.Tenant)
	for _, use := range b.here(o.UID, o.Metered) {
		s.Meters = append(s.Meters, v1alpha1.LedgerMeter{
			UID: o.UID, Owner: o.Owner, Dimension: use.Dimension, Start: use.Start, Length: use.Length, Amount: use.Amount.DeepCopy(),
		})
	}
	if b.by.Anew {
		for _, c := range o.Charges {
			if !meters(o.Metered, c.Dimension) {
				s.charge(o.Owner, c)
			}
		}
	}
	at, held := s.byKey[o.Key]
	if !held {
		s.settled.addAll(o.Amounts)
		return
	}
	larger := fromList(s.Entries[at].Amounts)
	larger.raise(o.Amounts)
	s.Entries[at].Amounts, s.Entries[at].Held = larger.list(), nil
}

// deduct takes off windows that begin what another domain charged for the same tenant: she
// came from there with her objects, and it counts against her as used elsewhere.
func (b *books) deduct() {
	for tenant, s := range b.sections {
		for i := range s.Windows {
			w := &s.Windows[i]
			w.Used.Sub(b.elsewhere(w.Owner, tenant, Use{Dimension: w.Dimension, Start: w.Start}))
		}
		s.Windows = slices.DeleteFunc(s.Windows, func(w v1alpha1.LedgerWindow) bool { return w.Used.Sign() <= 0 && w.Elsewhere == nil })
	}
}

// elsewhere is what other domains charged an owner within a window, for one tenant or, where
// none is named, for all that are hers.
func (b *books) elsewhere(owner, tenant string, u Use) resource.Quantity {
	var out resource.Quantity
	for _, s := range b.by.Others {
		if tenant != "" && s.Tenant != tenant {
			continue
		}
		for _, w := range slices.Concat(s.Windows, Left(s)) {
			if w.Owner == owner && w.Dimension == u.Dimension && w.Start.Equal(&u.Start) {
				out.Add(w.Used)
			}
		}
	}
	return out
}

// remember raises windows to what is known of them, meters and what was used elsewhere
// counted in.
func (b *books) remember(o Observed) {
	s := b.section(o.Tenant)
	for _, u := range o.Charges {
		u.Amount.Sub(b.elsewhere(o.Owner, "", u))
		for _, m := range s.Meters {
			if m.Owner == o.Owner && m.Dimension == u.Dimension && m.Start.Equal(&u.Start) {
				u.Amount.Sub(m.Amount)
			}
		}
		if u.Amount.Sign() <= 0 {
			continue
		}
		if w := windowAt(&s.Windows, o.Owner, u); w.Used.Cmp(u.Amount) < 0 {
			w.Used = u.Amount.DeepCopy()
		}
	}
}

// chargeEntry charges what one stored object of an entry took, but for what is metered.
func (s *book) chargeEntry(e v1alpha1.LedgerEntry, metered []Use) {
	for _, c := range e.Charges {
		if !meters(metered, c.Dimension) {
			s.charge(e.Owner, c)
		}
	}
}

func (s *book) chargeAll(owner string, uses []Use) {
	for _, u := range uses {
		s.charge(owner, u)
	}
}

func (s *book) charge(owner string, u Use) { chargeWindow(&s.Windows, owner, u) }

// chargeWindow adds a use to the record of its window.
func chargeWindow(windows *[]v1alpha1.LedgerWindow, owner string, u Use) {
	if u.Amount.Sign() <= 0 {
		return
	}
	w := windowAt(windows, owner, u)
	w.Used.Add(u.Amount)
}

// windowAt finds a window's record, or makes it.
func windowAt(windows *[]v1alpha1.LedgerWindow, owner string, u Use) *v1alpha1.LedgerWindow {
	for i := range *windows {
		w := &(*windows)[i]
		if w.Owner == owner && w.Dimension == u.Dimension && w.Start.Equal(&u.Start) {
			return w
		}
	}
	*windows = append(*windows, v1alpha1.LedgerWindow{Owner: owner, Dimension: u.Dimension, Start: u.Start, Length: u.Length})
	return &(*windows)[len(*windows)-1]
}

func meters(uses []Use, dimension string) bool {
	return slices.ContainsFunc(uses, func(u Use) bool { return u.Dimension == dimension })
}

// close gives the section as it is stored, nil when it holds nothing.
func (s *book) close(now time.Time) *v1alpha1.LedgerSection {
	s.Windows = slices.DeleteFunc(s.Windows, func(w v1alpha1.LedgerWindow) bool { return outdated(w, now) })
	slices.SortFunc(s.Windows, compareWindows)
	slices.SortFunc(s.Meters, compareMeters)
	s.Settled = s.settled.list()
	if len(s.Settled)+len(s.Entries)+len(s.Windows)+len(s.Meters) == 0 {
		return nil
	}
	if len(s.Windows) == 0 {
		s.Windows = nil
	}
	return &s.LedgerSection
}
