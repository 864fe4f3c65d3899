package quota

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// amounts by dimension; an absent one is zero.
type amounts map[string]resource.Quantity

// dimensions are those of some amounts, in order.
func dimensions(a map[string]resource.Quantity) []string {
	all := make([]string, 0, len(a))
	for dimension := range a {
		all = append(all, dimension)
	}
	slices.Sort(all)
	return all
}

func fromList(list []v1alpha1.LedgerAmount) amounts {
	out := make(amounts, len(list))
	for _, a := range list {
		out.add(a.Dimension, a.Amount)
	}
	return out
}

// list is sorted by dimension and leaves out zeros, so that equal accounts are equal
// bytes.
func (a amounts) list() []v1alpha1.LedgerAmount {
	var out []v1alpha1.LedgerAmount
	for _, dimension := range dimensions(a) {
		if amount := a[dimension]; !amount.IsZero() {
			out = append(out, v1alpha1.LedgerAmount{Dimension: dimension, Amount: amount.DeepCopy()})
		}
	}
	return out
}

func (a amounts) add(dimension string, amount resource.Quantity) {
	sum := a[dimension].DeepCopy()
	sum.Add(amount)
	a[dimension] = sum
}

func (a amounts) addAll(other amounts) {
	for dimension, amount := range other {
		a.add(dimension, amount)
	}
}

// raise brings every dimension to at least what other holds.
func (a amounts) raise(other amounts) {
	for dimension, amount := range other {
		if have := a[dimension]; have.Cmp(amount) < 0 {
			a[dimension] = amount.DeepCopy()
		}
	}
}

// within is the part of a that bound has too, dimension by dimension.
func (a amounts) within(bound map[string]resource.Quantity) amounts {
	out := amounts{}
	for dimension, amount := range a {
		most := bound[dimension]
		if amount.Cmp(most) < 0 {
			most = amount
		}
		if most.Sign() > 0 {
			out[dimension] = most.DeepCopy()
		}
	}
	return out
}
