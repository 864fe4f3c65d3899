package quota

import (
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// nearly is the part of a limit from which on its owner is warned, in percent.
const nearly = 80

// judge returns every limit that does not hold what r asks for, and those that hold it
// and are nearly used up. entry is what the key would hold: an entry that is there under
// the key now is not counted beside it.
func judge(spec v1alpha1.QuotaLedgerSpec, r Request, entry v1alpha1.LedgerEntry) (over []Exceeded, near []Near) {
	demand, held := fromList(entry.Amounts), fromList(entry.Held)
	for _, dimension := range dimensions(r.Amounts) {
		asked := r.Amounts[dimension]
		window, known := r.limitOf(dimension)
		if !known {
			over = append(over, Exceeded{Dimension: dimension, Scope: ScopeTenant, Requested: asked, Missing: true})
			continue
		}
		more := beyond(demand[dimension], held[dimension])
		if window.windowed() {
			more = chargeOf(entry, dimension, window)
		}
		for _, bound := range []struct {
			scope  string
			limits map[string]Limit
		}{{ScopeTenant, r.Limits}, {ScopeOrganization, r.Totals}} {
			limit, bounded := bound.limits[dimension]
			if !bounded {
				continue
			}
			a := count(spec, r, bound.scope, dimension, limit)
			if r.Version != "" && asked.Sign() >= 0 {
				asked = more // beside what the object holds already
			}
			switch {
			// Nothing frees quota by asking for less than nothing.
			case asked.Sign() < 0 || !limit.holds(a, more):
				over = append(over, Exceeded{
					Dimension: dimension, Scope: bound.scope, Used: a.used, Reserved: a.reserved, Requested: asked,
					Limit: limit.Amount, Window: limit.Window,
				})
			case !limit.Unlimited && more.Sign() > 0 && nearlyAll(a.with(more), limit.Amount):
				near = append(near, Near{Dimension: dimension, Scope: bound.scope, Used: a.with(more), Limit: limit.Amount})
			}
		}
	}
	return over, near
}

// holds is true for a demand of nothing even where a lowered limit is already passed: it
// takes nothing.
func (l Limit) holds(a account, more resource.Quantity) bool {
	if l.Unlimited || more.IsZero() {
		return true
	}
	sum := a.with(more)
	return sum.Cmp(l.Amount) <= 0
}

func nearlyAll(used, limit resource.Quantity) bool {
	return used.AsApproximateFloat64()*100 >= limit.AsApproximateFloat64()*nearly
}

// account is what is used of one dimension, in one scope.
type account struct{ used, reserved resource.Quantity }

func (a account) with(more resource.Quantity) resource.Quantity {
	sum := a.used.DeepCopy()
	sum.Add(a.reserved)
	sum.Add(more)
	return sum
}

// count adds up one dimension apart from the request's own key: what the tenant's section
// holds or all sections do, and for a window what her identity was charged with or all
// were.
func count(spec v1alpha1.QuotaLedgerSpec, r Request, scope, dimension string, limit Limit) account {
	var a account
	for i := range spec.Sections {
		s := &spec.Sections[i]
		if limit.windowed() {
			a.addWindow(s, r, scope, dimension, limit)
			continue
		}
		if scope == ScopeTenant && s.Tenant != r.Tenant {
			continue
		}
		a.used.Add(amountIn(s.Settled, dimension))
		for _, entry := range s.Entries {
			if keyOf(entry) != r.Key {
				a.reserved.Add(beyond(amountIn(entry.Amounts, dimension), amountIn(entry.Held, dimension)))
			}
		}
	}
	return a
}

func (a *account) addWindow(s *v1alpha1.LedgerSection, r Request, scope, dimension string, limit Limit) {
	counts := func(owner string) bool { return scope == ScopeOrganization || owner == r.Owner }
	for _, w := range s.Windows {
		if w.Dimension != dimension || !w.Start.Time.Equal(limit.Start) || !counts(w.Owner) {
			continue
		}
		a.used.Add(w.Used)
		if scope == ScopeTenant && s.Tenant == r.Tenant && w.Elsewhere != nil {
			a.used.Add(*w.Elsewhere)
		}
	}
	for _, m := range s.Meters {
		if m.Dimension == dimension && m.Start.Time.Equal(limit.Start) && counts(m.Owner) {
			a.used.Add(m.Amount)
		}
	}
	for _, e := range s.Entries {
		if keyOf(e) != r.Key && counts(e.Owner) {
			a.reserved.Add(chargeOf(e, dimension, limit))
		}
	}
}

// chargeOf is the most that an entry may take of the window that a limit counts.
func chargeOf(e v1alpha1.LedgerEntry, dimension string, limit Limit) resource.Quantity {
	for _, c := range e.Charges {
		if c.Dimension == dimension && c.Start.Time.Equal(limit.Start) {
			return times(c.Amount, pending(e))
		}
	}
	return resource.Quantity{}
}

func amountIn(list []v1alpha1.LedgerAmount, dimension string) resource.Quantity {
	for _, a := range list {
		if a.Dimension == dimension {
			return a.Amount
		}
	}
	return resource.Quantity{}
}

// beyond is what an amount is more than another, at least nothing.
func beyond(amount, other resource.Quantity) resource.Quantity {
	more := amount.DeepCopy()
	more.Sub(other)
	if more.Sign() < 0 {
		return resource.Quantity{Format: amount.Format}
	}
	return more
}
