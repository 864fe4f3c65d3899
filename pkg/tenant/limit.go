package tenant

import (
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Limit is one bound in force, with where it comes from.
type Limit struct {
	Dimension string
	// Amount in the dimension's own unit; meaningless when Unlimited.
	Amount    resource.Quantity
	Unlimited bool
	Window    v1alpha1.Window
	OverLimit v1alpha1.OverLimit
	// Source reads like "tier standard" or "organization acme, per tenant".
	Source string
}

// limitsOf reads a list of limits. An amount that is no quantity yields no limit: a
// demand on that dimension is then denied.
func limitsOf(list []v1alpha1.Limit, source string) map[string]Limit {
	out := make(map[string]Limit, len(list))
	for _, l := range list {
		limit := Limit{Dimension: l.Dimension, Window: l.Window, OverLimit: l.OverLimit, Source: source}
		if limit.Window == "" {
			limit.Window = v1alpha1.WindowNone
		}
		if limit.OverLimit == "" {
			limit.OverLimit = v1alpha1.OverLimitDeny
		}
		amount, unlimited, ok := amountOf(l.Amount)
		if !ok {
			continue
		}
		limit.Amount, limit.Unlimited = amount, unlimited
		out[l.Dimension] = limit
	}
	return out
}

func amountOf(v intstr.IntOrString) (q resource.Quantity, unlimited, ok bool) {
	if v.Type == intstr.Int {
		return *resource.NewQuantity(int64(v.IntVal), resource.DecimalSI), false, v.IntVal >= 0
	}
	if v.StrVal == v1alpha1.Unlimited {
		return resource.Quantity{}, true, true
	}
	q, err := resource.ParseQuantity(v.StrVal)
	return q, false, err == nil && q.Sign() >= 0
}

// override lays limits over a base, dimension by dimension.
func override(base, over map[string]Limit) map[string]Limit {
	for dimension, limit := range over {
		base[dimension] = limit
	}
	return base
}

// narrow takes the smaller of base and bound. Bounds that count over another window
// than the base cannot be compared; such a dimension has no limit in force, and a
// demand on it is denied rather than judged by the looser one.
func narrow(base, bound map[string]Limit) map[string]Limit {
	for dimension, b := range bound {
		have, ok := base[dimension]
		if !ok {
			continue
		}
		if have.Window != b.Window {
			delete(base, dimension)
			continue
		}
		if b.Unlimited {
			continue
		}
		if have.Unlimited || b.Amount.Cmp(have.Amount) < 0 {
			base[dimension] = b
		}
	}
	return base
}
