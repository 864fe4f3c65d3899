package tenant

import (
	"slices"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Facts are the objects that decide what a tenant may do. Any of them may be nil.
type Facts struct {
	Tenant       *v1alpha1.Tenant
	Organization *v1alpha1.Organization
	Settings     *v1alpha1.OrganizationSettings
	Tiers        map[string]*v1alpha1.Tier
	Models       map[string]*v1alpha1.Model
}

// What can be missing from a tenant's facts; each denies what people ask for.
const (
	MissingTenant       = "tenant"
	MissingOrganization = "organization"
	MissingTier         = "tier"
	MissingTierGrant    = "tier-grant"
)

// Effective is what is in force for one tenant.
type Effective struct {
	Tenant       string
	Owner        string
	Organization string
	Tier         string
	// Role of the owner in the organization: member or admin.
	Role      string
	Suspended bool
	// Models that the tenant may use, sorted.
	Models []string
	// Limits bind the tenant alone, Totals all tenants of the domain jointly.
	Limits map[string]Limit
	Totals map[string]Limit
	// Domain of the quota: organization/<name>, or tenant/<name> in individuals, which
	// has no total.
	Domain string
	// Missing is empty, or says what is not there: then there are no limits or models.
	Missing string
}

// Resolve computes what is in force. ownerGroups are the groups that the owner carries,
// as far as they are known: grants to a group need them. It never fails: what is absent
// grants nothing and is named in Missing.
func Resolve(f Facts, ownerGroups []string) Effective {
	if f.Tenant == nil {
		return Effective{Missing: MissingTenant}
	}
	spec := f.Tenant.Spec
	e := Effective{
		Tenant:       f.Tenant.Name,
		Owner:        spec.Owner.User,
		Organization: spec.Organization,
		Tier:         spec.Tier,
		Role:         v1alpha1.RoleMember,
		Suspended:    spec.Suspended,
		Domain:       DomainOf(f.Tenant.Name, spec.Organization),
	}
	if f.Organization == nil || f.Organization.Name != spec.Organization {
		e.Missing = MissingOrganization
		return e
	}
	e.Suspended = e.Suspended || f.Organization.Spec.Suspended
	roles := rolesOf(f, e.Owner, ownerGroups)
	if slices.Contains(roles, v1alpha1.RoleAdmin) {
		e.Role = v1alpha1.RoleAdmin
	}
	tier, ok := f.Tiers[spec.Tier]
	if !ok {
		e.Missing = MissingTier
		return e
	}
	if !slices.Contains(f.Organization.Spec.Tiers, spec.Tier) {
		e.Missing = MissingTierGrant
		return e
	}
	e.Models = effectiveModels(f, tier, grantee{user: e.Owner, groups: ownerGroups, roles: roles})
	e.Limits = effectiveLimits(f, tier)
	e.Totals = limitsOf(f.Organization.Spec.Limits.Total, "organization "+f.Organization.Name+", in all")
	if e.Organization == v1alpha1.OrganizationIndividuals {
		e.Totals = map[string]Limit{}
	}
	return e
}

// DomainOf names the quota domain of a tenant.
func DomainOf(tenant, organization string) string {
	if organization == v1alpha1.OrganizationIndividuals {
		return "tenant/" + tenant
	}
	return "organization/" + organization
}

// effectiveLimits merges, in the contract's order: the platform's override on the
// Tenant, else the Tier; then the minimum with the organization's perTenant and with
// the share that the organization's admins set.
func effectiveLimits(f Facts, tier *v1alpha1.Tier) map[string]Limit {
	limits := limitsOf(tier.Spec.Limits, "tier "+tier.Name)
	limits = override(limits, limitsOf(f.Tenant.Spec.Limits, "tenant "+f.Tenant.Name))
	org := f.Organization.Name
	limits = narrow(limits, limitsOf(f.Organization.Spec.Limits.PerTenant, "organization "+org+", per tenant"))
	if f.Settings != nil {
		for _, s := range f.Settings.Spec.Shares {
			if s.Tenant == f.Tenant.Name {
				limits = narrow(limits, limitsOf(s.Limits, "organization "+org+", share of "+s.Tenant))
			}
		}
	}
	return limits
}
