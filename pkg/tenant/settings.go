package tenant

import (
	"fmt"
	"slices"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Exceeds lists what settings hand out beyond what the organization was given; empty
// means that they stay within. tenants are the names of the organization's tenants.
func Exceeds(o *v1alpha1.Organization, s *v1alpha1.OrganizationSettings, tenants []string) []string {
	var over []string
	has := func(model string) bool {
		return slices.ContainsFunc(o.Spec.Models, func(m v1alpha1.GrantedModel) bool { return m.Name == model })
	}
	for i, g := range s.Spec.Grants {
		for _, m := range g.Models {
			if !has(m) {
				over = append(over, fmt.Sprintf("spec.grants[%d] hands out model %q", i, m))
			}
		}
	}
	for _, share := range s.Spec.Shares {
		if !slices.Contains(tenants, share.Tenant) {
			over = append(over, fmt.Sprintf("spec.shares names tenant %q, which is not of this organization", share.Tenant))
		}
	}
	return over
}
