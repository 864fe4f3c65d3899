package tenant

import (
	"slices"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// effectiveModels are the organization's models whose minTier the tenant reaches, cut
// to what the grants give the member. An absent list grants nothing, and so does a
// minTier that nobody defines.
func effectiveModels(f Facts, tier *v1alpha1.Tier, member grantee) []string {
	granted := map[string]bool{}
	if f.Settings != nil {
		for _, g := range f.Settings.Spec.Grants {
			if member.matches(g) {
				for _, m := range g.Models {
					granted[m] = true
				}
			}
		}
	}
	models := []string{}
	for _, m := range f.Organization.Spec.Models {
		if _, known := f.Models[m.Name]; !known || !granted[m.Name] {
			continue
		}
		if m.MinTier != "" {
			least, ok := f.Tiers[m.MinTier]
			if !ok || tier.Spec.Rank < least.Spec.Rank {
				continue
			}
		}
		models = append(models, m.Name)
	}
	slices.Sort(models)
	return slices.Compact(models)
}

// grantee is who a grant may name: a user, her groups, her roles.
type grantee struct {
	user   string
	groups []string
	roles  []string
}

func (g grantee) matches(grant v1alpha1.ModelGrant) bool {
	switch {
	case grant.User != "":
		return grant.User == g.user
	case grant.Group != "":
		return slices.Contains(g.groups, grant.Group)
	case grant.Role != "":
		return slices.Contains(g.roles, grant.Role)
	}
	return false
}

// isMember reports whether a list of members names the user or one of the groups.
func isMember(list []v1alpha1.Member, user string, groups []string) bool {
	for _, m := range list {
		if (m.User != "" && m.User == user) || (m.Group != "" && slices.Contains(groups, m.Group)) {
			return true
		}
	}
	return false
}

// rolesOf lists the roles of a user in the organization: member, admin where the
// Organization says so, and the names that its settings give.
func rolesOf(f Facts, user string, groups []string) []string {
	roles := []string{v1alpha1.RoleMember}
	if isMember(f.Organization.Spec.Admins, user, groups) {
		roles = append(roles, v1alpha1.RoleAdmin)
	}
	if f.Settings == nil {
		return roles
	}
	for _, r := range f.Settings.Spec.Roles {
		if r.Role == v1alpha1.RoleAdmin || r.Role == v1alpha1.RoleMember {
			continue
		}
		if isMember([]v1alpha1.Member{r.Member}, user, groups) {
			roles = append(roles, r.Role)
		}
	}
	return roles
}
