package quota

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// A meter of a tenant who moved to another domain is left behind: it stays, object by object,
// at what the object used until then, and the domain where she is counts the rest. If only
// the sum stayed, neither could tell what of an object's use is in it.

// leave keeps a meter of a tenant who moved. What it says is brought once to what its object
// used by then: a meter of what runs counts at least what was set aside.
func (b *books) leave(s *book, m v1alpha1.LedgerMeter) {
	window := v1alpha1.LedgerWindow{Start: m.Start, Length: m.Length}
	if outdated(window, b.by.Now) {
		return
	}
	if !m.Left {
		uses, gone := b.gone(m.UID)
		if !gone {
			uses = b.by.Moved[s.Tenant][m.UID]
		}
		if use, known := useOf(b.here(m.UID, uses), m); known {
			m.Amount = use.Amount
		}
		m.Left = true
	}
	s.Meters = append(s.Meters, m)
}

// useOf finds the use of a meter's window.
func useOf(uses []Use, m v1alpha1.LedgerMeter) (Use, bool) {
	at := slices.IndexFunc(uses, func(u Use) bool { return u.Dimension == m.Dimension && u.Start.Equal(&m.Start) })
	if at < 0 {
		return Use{}, false
	}
	return uses[at], true
}

// metersElsewhere are the meters of other domains, by object.
func metersElsewhere(others []v1alpha1.LedgerSection) map[types.UID][]v1alpha1.LedgerMeter {
	out := map[types.UID][]v1alpha1.LedgerMeter{}
	for _, s := range others {
		for _, m := range s.Meters {
			out[m.UID] = append(out[m.UID], m)
		}
	}
	return out
}

// here takes off uses of an object what other domains have of it.
func (b *books) here(uid types.UID, uses []Use) []Use {
	other := b.metered[uid]
	if len(other) == 0 {
		return uses
	}
	uses = slices.Clone(uses)
	for i := range uses {
		left := uses[i].Amount.DeepCopy()
		for _, m := range other {
			if m.Dimension == uses[i].Dimension && m.Start.Equal(&uses[i].Start) {
				left.Sub(m.Amount)
			}
		}
		if left.Sign() < 0 {
			left = resource.Quantity{}
		}
		uses[i].Amount = left
	}
	return uses
}

// Left are a section's meters that its tenant left behind, as uses of windows: what runs on
// elsewhere takes from them no more.
func Left(s v1alpha1.LedgerSection) []v1alpha1.LedgerWindow {
	var out []v1alpha1.LedgerWindow
	for _, m := range s.Meters {
		if m.Left {
			out = append(out, v1alpha1.LedgerWindow{Owner: m.Owner, Dimension: m.Dimension, Start: m.Start, Length: m.Length, Used: m.Amount})
		}
	}
	return out
}
