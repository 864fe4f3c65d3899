package quota

import (
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Standing is what one tenant holds and has used, by dimension.
type Standing struct{ Used, Reserved map[string]resource.Quantity }

// StandingOf reads a tenant's account: of what is held at one time her section, of what a
// limit counts within a window the present window of her identity. A tenant without a
// section holds nothing.
func StandingOf(spec v1alpha1.QuotaLedgerSpec, tenant, owner string, limits map[string]Limit) Standing {
	out := Standing{Used: map[string]resource.Quantity{}, Reserved: map[string]resource.Quantity{}}
	dimensions := map[string]bool{}
	for dimension := range limits {
		dimensions[dimension] = true
	}
	for _, s := range spec.Sections {
		if s.Tenant != tenant {
			continue
		}
		for _, a := range s.Settled {
			dimensions[a.Dimension] = true
		}
		for _, e := range s.Entries {
			for _, a := range e.Amounts {
				dimensions[a.Dimension] = true
			}
		}
	}
	for dimension := range dimensions {
		a := count(spec, Request{Tenant: tenant, Owner: owner}, ScopeTenant, dimension, limits[dimension])
		if !a.used.IsZero() {
			out.Used[dimension] = a.used
		}
		if !a.reserved.IsZero() {
			out.Reserved[dimension] = a.reserved
		}
	}
	return out
}
