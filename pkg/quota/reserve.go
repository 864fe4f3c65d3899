package quota

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Reserve judges a demand against all limits at once and, when every one holds, returns
// the ledger with the demand entered until now+ttl. A refused demand returns the ledger
// as it was. The argument is never changed.
//
// An unconfirmed entry of the same key is replaced: the same UID asks again, or another
// UID is a second create of a name under which only one object can be stored. The larger
// amount stays and the other UIDs are kept as contenders, since any may be the one.
// Where the key's object is already settled, only what goes beyond Held counts.
// Entries past their expiry still count: only a settlement, which reads what is stored,
// may drop them.
func Reserve(spec v1alpha1.QuotaLedgerSpec, r Request, now time.Time, ttl time.Duration) (v1alpha1.QuotaLedgerSpec, Decision) {
	next := *spec.DeepCopy()
	section := sectionOf(&next, r.Tenant)
	at := slices.IndexFunc(section.Entries, func(e v1alpha1.LedgerEntry) bool { return keyOf(e) == r.Key })

	entry := first(r, now.Add(ttl))
	if at >= 0 {
		var ok bool
		if entry, ok = again(section.Entries[at], r, now.Add(ttl)); !ok {
			return spec, Decision{Busy: true}
		}
	}
	over, near := judge(next, r, entry)
	d := Decision{Near: near}
	for _, e := range over {
		if r.Charge || r.Lenient[e.Dimension] {
			d.Passed = append(d.Passed, e)
			continue
		}
		d.Exceeded = append(d.Exceeded, e)
	}
	if len(d.Exceeded) > 0 {
		return spec, d
	}
	if at < 0 {
		section.Entries = append(section.Entries, entry)
	} else {
		section.Entries[at] = entry
	}
	return next, d
}

// first is the entry of a key that has none.
func first(r Request, expires time.Time) v1alpha1.LedgerEntry {
	held, charges := r.split()
	e := v1alpha1.LedgerEntry{
		GroupResource: r.Key.GroupResource, Namespace: r.Key.Namespace, Name: r.Key.Name,
		UID: types.UID(r.UID), Version: r.Version, Amounts: held.list(), Charges: charges,
		Held: amounts(r.Held).within(held).list(), Expires: expiry(expires),
	}
	if len(charges) > 0 {
		e.Owner = r.Owner
	}
	if r.Taken {
		e.Taken = 1
	}
	return e
}

// again is the entry that takes the place of last; ok is false when one more contender
// cannot be told from those before it.
func again(last v1alpha1.LedgerEntry, r Request, expires time.Time) (e v1alpha1.LedgerEntry, ok bool) {
	e = first(r, expires)
	larger := fromList(e.Amounts)
	larger.raise(fromList(last.Amounts))
	e.Amounts = larger.list()
	if r.Held == nil {
		e.Held = last.Held
	} else {
		e.Held = fromList(last.Held).within(r.Held).list()
	}
	if e.Expires.Before(&last.Expires) {
		e.Expires = last.Expires
	}
	e.Version = later(last.Version, r.Version)
	e.Charges = raiseCharges(last.Charges, e.Charges)
	if e.Owner == "" {
		e.Owner = last.Owner
	}
	e.Taken = last.Taken
	if knows(last, e.UID) {
		e.Contenders = without(append(slices.Clone(last.Contenders), last.UID), e.UID)
		return e, true
	}
	if r.Taken {
		e.Taken++
	}
	e.Contenders = append(slices.Clone(last.Contenders), last.UID)
	if len(e.Contenders) <= maxContenders {
		return e, true
	}
	if len(e.Charges) > 0 && !r.Taken {
		return last, false
	}
	// The newcomer is forgotten, and what is forgotten may still be stored.
	e.UID, e.Taken = last.UID, last.Taken
	e.Contenders = append(without(last.Contenders, manyContenders), manyContenders)
	return e, true
}

// manyContenders stands for UIDs that an entry does not list. No object ever has it, so
// such an entry ends by its expiry only.
const manyContenders = types.UID("many")

const maxContenders = 8

func knows(e v1alpha1.LedgerEntry, uid types.UID) bool {
	return e.UID == uid || slices.Contains(e.Contenders, uid)
}

func without(list []types.UID, uid types.UID) []types.UID {
	out := slices.DeleteFunc(slices.Clone(list), func(u types.UID) bool { return u == uid })
	if len(out) == 0 {
		return nil
	}
	return out
}

func sectionOf(spec *v1alpha1.QuotaLedgerSpec, tenant string) *v1alpha1.LedgerSection {
	for i := range spec.Sections {
		if spec.Sections[i].Tenant == tenant {
			return &spec.Sections[i]
		}
	}
	spec.Sections = append(spec.Sections, v1alpha1.LedgerSection{Tenant: tenant})
	return &spec.Sections[len(spec.Sections)-1]
}

func keyOf(e v1alpha1.LedgerEntry) Key {
	return Key{GroupResource: e.GroupResource, Namespace: e.Namespace, Name: e.Name}
}

// expiry rounds up: stored times have whole seconds, and an entry must not end early.
func expiry(t time.Time) metav1.Time {
	rounded := t.UTC().Truncate(time.Second)
	if rounded.Before(t) {
		rounded = rounded.Add(time.Second)
	}
	return metav1.NewTime(rounded)
}
