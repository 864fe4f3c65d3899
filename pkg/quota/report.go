package quota

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Report is use that somebody measured who is not the ledger, such as a gateway that
// counts tokens. It is entered whether a limit holds it or not: it has happened.
type Report struct {
	Domain, Tenant, Owner string
	// Reporter numbers its own reports, each domain's from 1 on, without gaps being
	// needed: a report whose Sequence is not above the last one entered is known already.
	Reporter string
	Sequence int64
	// Amounts by dimension; each must have a limit with a window, else it is not entered.
	Amounts map[string]resource.Quantity
	// Limits are the tenant's, for their windows.
	Limits map[string]Limit
}

// Enter adds a report to its windows. Entered twice it counts once; entered is false where
// it was known.
func Enter(spec v1alpha1.QuotaLedgerSpec, r Report) (next v1alpha1.QuotaLedgerSpec, entered bool) {
	next = *spec.DeepCopy()
	at := slices.IndexFunc(next.Reports, func(o v1alpha1.LedgerReport) bool { return o.Reporter == r.Reporter })
	switch {
	case at < 0:
		next.Reports = append(next.Reports, v1alpha1.LedgerReport{Reporter: r.Reporter, Sequence: r.Sequence})
	case next.Reports[at].Sequence >= r.Sequence:
		return spec, false
	default:
		next.Reports[at].Sequence = r.Sequence
	}
	s := sectionOf(&next, r.Tenant)
	for _, dimension := range dimensions(r.Amounts) {
		if limit := r.Limits[dimension]; limit.windowed() {
			chargeWindow(&s.Windows, r.Owner, Use{
				Dimension: dimension, Start: metav1.NewTime(limit.Start.UTC()), Length: limit.Window, Amount: r.Amounts[dimension],
			})
		}
	}
	slices.SortFunc(s.Windows, compareWindows)
	return next, true
}
