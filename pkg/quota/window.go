package quota

import (
	"cmp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Calendar says when days and months begin. The zero value is UTC's.
type Calendar struct{ Zone *time.Location }

func (c Calendar) in(t time.Time) time.Time {
	if c.Zone == nil {
		return t.UTC()
	}
	return t.In(c.Zone)
}

// Start is the first moment of the window that t is in, in UTC; zero for a window that
// is none.
func (c Calendar) Start(w v1alpha1.Window, t time.Time) time.Time {
	t = c.in(t)
	switch w {
	case v1alpha1.WindowDay:
		return midnight(t.Year(), t.Month(), t.Day(), t.Location())
	case v1alpha1.WindowMonth:
		return midnight(t.Year(), t.Month(), 1, t.Location())
	}
	return time.Time{}
}

// End is the first moment after the window that t is in.
func (c Calendar) End(w v1alpha1.Window, t time.Time) time.Time {
	t = c.in(t)
	switch w {
	case v1alpha1.WindowDay:
		return midnight(t.Year(), t.Month(), t.Day()+1, t.Location())
	case v1alpha1.WindowMonth:
		return midnight(t.Year(), t.Month()+1, 1, t.Location())
	}
	return time.Time{}
}

// midnight is a day's first moment: where the clock jumps over midnight, the day begins
// later.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	want := time.Date(year, month, day, 12, 0, 0, 0, zone)
	for t.Day() != want.Day() {
		t = t.Add(30 * time.Minute).Truncate(30 * time.Minute)
	}
	return t.UTC()
}

// kept is how long a window's record is kept after its start: the one before the present
// one stays, so that a clock that goes wrong and right again finds its records.
var kept = map[v1alpha1.Window]time.Duration{
	v1alpha1.WindowDay:   3 * 24 * time.Hour,
	v1alpha1.WindowMonth: 93 * 24 * time.Hour,
}

func outdated(w v1alpha1.LedgerWindow, now time.Time) bool {
	return now.Sub(w.Start.Time) > kept[w.Length]
}

func compareWindows(a, b v1alpha1.LedgerWindow) int {
	return cmp.Or(strings.Compare(a.Owner, b.Owner), strings.Compare(a.Dimension, b.Dimension), a.Start.Compare(b.Start.Time))
}

func compareMeters(a, b v1alpha1.LedgerMeter) int {
	return cmp.Or(strings.Compare(string(a.UID), string(b.UID)), strings.Compare(a.Dimension, b.Dimension), a.Start.Compare(b.Start.Time))
}

func sameAmounts(a, b []v1alpha1.LedgerAmount) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Dimension != b[i].Dimension || a[i].Amount.Cmp(b[i].Amount) != 0 {
			return false
		}
	}
	return true
}

func sameWindows(a, b *v1alpha1.LedgerSection) bool {
	if len(a.Windows) != len(b.Windows) || len(a.Meters) != len(b.Meters) {
		return false
	}
	for i := range a.Windows {
		if compareWindows(a.Windows[i], b.Windows[i]) != 0 || a.Windows[i].Used.Cmp(b.Windows[i].Used) != 0 {
			return false
		}
	}
	for i := range a.Meters {
		if compareMeters(a.Meters[i], b.Meters[i]) != 0 || a.Meters[i].Amount.Cmp(b.Meters[i].Amount) != 0 || a.Meters[i].Left != b.Meters[i].Left {
			return false
		}
	}
	return true
}

// Carry notes in a tenant's section what her identity used in other domains, which other
// sections of her identity told.
func Carry(spec *v1alpha1.QuotaLedgerSpec, tenant, owner string, others []v1alpha1.LedgerWindow) {
	sums := map[string]*v1alpha1.LedgerWindow{}
	for _, w := range others {
		if w.Owner != owner || w.Used.Sign() <= 0 {
			continue
		}
		id := w.Dimension + " " + w.Start.UTC().String()
		if sums[id] == nil {
			sums[id] = &v1alpha1.LedgerWindow{Dimension: w.Dimension, Start: w.Start, Length: w.Length}
		}
		sums[id].Used.Add(w.Used)
	}
	if len(sums) == 0 {
		return
	}
	s := sectionOf(spec, tenant)
	for _, sum := range sums {
		w := windowAt(&s.Windows, owner, Use{Dimension: sum.Dimension, Start: sum.Start, Length: sum.Length})
		if w.Elsewhere == nil || w.Elsewhere.Cmp(sum.Used) < 0 {
			w.Elsewhere = ptr(sum.Used.DeepCopy())
		}
	}
}

func ptr(q resource.Quantity) *resource.Quantity { return &q }
