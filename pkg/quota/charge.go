package quota

import (
	"cmp"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// limitOf is the limit that says over which time a dimension is counted: the tenant's, or
// where nobody limits her alone, the domain's. ok is false where nobody does, and where
// the two count over different times: then neither can be judged.
func (r Request) limitOf(dimension string) (l Limit, ok bool) {
	limit, limited := r.Limits[dimension]
	total, totalled := r.Totals[dimension]
	switch {
	case limited && totalled:
		return limit, limit.windowed() == total.windowed() && (!limit.windowed() || limit.Window == total.Window)
	case limited:
		return limit, true
	}
	return total, totalled
}

// split parts what is held at one time from what windows are charged with. Only a create
// is charged: what an update raises was charged when the object was made.
func (r Request) split() (held amounts, charges []v1alpha1.LedgerCharge) {
	held = amounts{}
	for _, dimension := range dimensions(r.Amounts) {
		amount := r.Amounts[dimension]
		limit, _ := r.limitOf(dimension)
		switch {
		case !limit.windowed():
			held[dimension] = amount.DeepCopy()
		case r.Version == "" && amount.Sign() > 0:
			charges = append(charges, v1alpha1.LedgerCharge{
				Dimension: dimension, Start: metav1.NewTime(limit.Start.UTC()), Length: limit.Window, Amount: amount.DeepCopy(),
			})
		}
	}
	return held, charges
}

// raiseCharges merges two lists, the larger amount of each window.
func raiseCharges(last, now []v1alpha1.LedgerCharge) []v1alpha1.LedgerCharge {
	var out []v1alpha1.LedgerCharge
	for _, c := range append(slices.Clone(last), now...) {
		at := slices.IndexFunc(out, func(o v1alpha1.LedgerCharge) bool { return o.Dimension == c.Dimension && o.Start.Equal(&c.Start) })
		switch {
		case at < 0:
			out = append(out, c)
		case out[at].Amount.Cmp(c.Amount) < 0:
			out[at].Amount = c.Amount.DeepCopy()
		}
	}
	return out
}

// pending is how many of an entry's UIDs may each be stored, one after the other.
// Those that are not listed all found the name taken.
func pending(e v1alpha1.LedgerEntry) int64 {
	n := int64(1)
	for _, uid := range e.Contenders {
		if uid != manyContenders {
			n++
		}
	}
	return max(0, n-int64(e.Taken))
}

// times is n times an amount.
func times(amount resource.Quantity, n int64) resource.Quantity {
	out := resource.Quantity{Format: amount.Format}
	for range n {
		out.Add(amount)
	}
	return out
}

// later is the larger of two resourceVersions, of which the API server says that they
// compare as whole numbers; one that is none counts as the earlier.
func later(a, b string) string {
	if compareVersions(a, b) >= 0 {
		return a
	}
	return b
}

func compareVersions(a, b string) int {
	x, badX := strconv.ParseUint(a, 10, 64)
	y, badY := strconv.ParseUint(b, 10, 64)
	switch {
	case badX != nil && badY != nil:
		return 0
	case badX != nil:
		return -1
	case badY != nil:
		return 1
	}
	return cmp.Compare(x, y)
}

// Charges reports whether the request takes something of a window.
func (r Request) Charges() bool {
	_, charges := r.split()
	return len(charges) > 0
}
