package quota

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
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
// Where the key's object is already settled, the demand counts beside it until the next
// settlement brings the two together.
// Entries past their expiry still count: only a settlement, which reads what is stored,
// may drop them.
func Reserve(spec v1alpha1.QuotaLedgerSpec, r Request, now time.Time, ttl time.Duration) (v1alpha1.QuotaLedgerSpec, Decision) {
	next := *spec.DeepCopy()
	section := sectionOf(&next, r.Tenant)
	at := slices.IndexFunc(section.Entries, func(e v1alpha1.LedgerEntry) bool { return keyOf(e) == r.Key })

	demand := maps.Clone(amounts(r.Amounts))
	if demand == nil {
		demand = amounts{}
	}
	if at >= 0 {
		demand.raise(fromList(section.Entries[at].Amounts))
	}
	if !r.Charge {
		if exceeded := judge(next, r, demand); len(exceeded) > 0 {
			return spec, Decision{Exceeded: exceeded}
		}
	}

	entry := v1alpha1.LedgerEntry{
		GroupResource: r.Key.GroupResource,
		Namespace:     r.Key.Namespace,
		Name:          r.Key.Name,
		UID:           types.UID(r.UID),
		Amounts:       demand.list(),
		Expires:       expiry(now.Add(ttl)),
	}
	if at < 0 {
		section.Entries = append(section.Entries, entry)
		return next, Decision{}
	}
	last := section.Entries[at]
	if entry.Expires.Before(&last.Expires) {
		entry.Expires = last.Expires
	}
	entry.Contenders = contenders(last, entry.UID)
	section.Entries[at] = entry
	return next, Decision{}
}

// manyContenders stands for more UIDs than an entry lists. No object ever has it, so such
// an entry ends by its expiry only.
const manyContenders = types.UID("many")

const maxContenders = 8

// contenders of an entry that uid takes over from last.
func contenders(last v1alpha1.LedgerEntry, uid types.UID) []types.UID {
	out := slices.DeleteFunc(slices.Clone(last.Contenders), func(u types.UID) bool { return u == uid })
	if last.UID != uid && !slices.Contains(out, last.UID) {
		out = append(out, last.UID)
	}
	if len(out) > maxContenders || slices.Contains(out, manyContenders) {
		return []types.UID{manyContenders}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// judge returns every limit that does not hold what r asks for. demand is what the key
// would hold, own entries under that key are not counted a second time.
func judge(spec v1alpha1.QuotaLedgerSpec, r Request, demand amounts) []Exceeded {
	tenant := count(spec, r.Key, func(s v1alpha1.LedgerSection) bool { return s.Tenant == r.Tenant })
	domain := count(spec, r.Key, func(v1alpha1.LedgerSection) bool { return true })

	var out []Exceeded
	for _, dimension := range slices.Sorted(maps.Keys(r.Amounts)) {
		asked := r.Amounts[dimension]
		limit, limited := r.Limits[dimension]
		total, totalled := r.Totals[dimension]
		if !limited && !totalled {
			e := tenant.exceeded(dimension, ScopeTenant, asked, Limit{})
			e.Missing = true
			out = append(out, e)
			continue
		}
		// Nothing frees quota by asking for less than nothing.
		negative := asked.Sign() < 0
		amount := demand[dimension]
		if limited && (negative || !tenant.fits(dimension, amount, limit)) {
			out = append(out, tenant.exceeded(dimension, ScopeTenant, asked, limit))
		}
		if totalled && (negative || !domain.fits(dimension, amount, total)) {
			out = append(out, domain.exceeded(dimension, ScopeOrganization, asked, total))
		}
	}
	return out
}

// account is what some sections hold, apart from one key's own entry.
type account struct{ settled, reserved amounts }

func count(spec v1alpha1.QuotaLedgerSpec, own Key, in func(v1alpha1.LedgerSection) bool) account {
	a := account{settled: amounts{}, reserved: amounts{}}
	for _, section := range spec.Sections {
		if !in(section) {
			continue
		}
		a.settled.addAll(fromList(section.Settled))
		for _, entry := range section.Entries {
			if keyOf(entry) != own {
				a.reserved.addAll(fromList(entry.Amounts))
			}
		}
	}
	return a
}

// fits is true for a demand of nothing even where a lowered limit is already passed: it
// takes nothing.
func (a account) fits(dimension string, demand resource.Quantity, limit Limit) bool {
	if limit.Unlimited || demand.IsZero() {
		return true
	}
	sum := a.settled[dimension].DeepCopy()
	sum.Add(a.reserved[dimension])
	sum.Add(demand)
	return sum.Cmp(limit.Amount) <= 0
}

func (a account) exceeded(dimension, scope string, asked resource.Quantity, limit Limit) Exceeded {
	return Exceeded{
		Dimension: dimension,
		Scope:     scope,
		Used:      a.settled[dimension],
		Reserved:  a.reserved[dimension],
		Requested: asked,
		Limit:     limit.Amount,
	}
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
