package tenant

import (
	"slices"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Relation says how the author of a write stands to the namespace's tenant.
type Relation string

// The relations. The empty Relation, like every other word, has no right.
const (
	// RelationOwner is the tenant's owner, whoever carried the write.
	RelationOwner Relation = "owner"
	// RelationOrgAdmin is an admin of the tenant's organization.
	RelationOrgAdmin Relation = "org-admin"
	// RelationPlatform is the platform itself.
	RelationPlatform Relation = "platform"
	// RelationSystem is a controller keeping a system object or the object's own state.
	RelationSystem Relation = "system"
	// RelationForeign has no right on this tenant.
	RelationForeign Relation = "foreign"
	// RelationOutside is a guest writing outside tenant namespaces.
	RelationOutside Relation = "outside"
)

// Roles beside those of an organization's members.
const (
	RoleDeployer = "deployer"
	RolePlatform = "platform"
	RoleSystem   = "system"
	RoleNone     = "none"
)

// Relate says how an author, with the groups known of her, stands to a tenant now, and
// in which role.
func Relate(f Facts, e Effective, author string, groups []string) (Relation, string) {
	if author == "" || f.Tenant == nil {
		return RelationForeign, RoleNone
	}
	if author == e.Owner {
		return RelationOwner, e.Role
	}
	if f.Organization != nil && f.Organization.Name == e.Organization &&
		isMember(f.Organization.Spec.Admins, author, groups) {
		return RelationOrgAdmin, v1alpha1.RoleAdmin
	}
	return RelationForeign, RoleNone
}

// PresentOwner maps a former owner, as a passport may name her, to the present one: a
// transfer hands over what was made before it. The owner in the status counts as a former
// one from the moment that the spec names another.
func PresentOwner(t *v1alpha1.Tenant, author string) string {
	if t != nil && author != "" && (author == t.Status.Owner || slices.Contains(t.Status.FormerOwners, author)) {
		return t.Spec.Owner.User
	}
	return author
}

// Transfer writes a change of the owner into the tenant's status and gives the owner
// before, or "" where there was no change.
func Transfer(t *v1alpha1.Tenant) (before string) {
	before, now := t.Status.Owner, t.Spec.Owner.User
	t.Status.Owner = now
	if before == "" || before == now {
		return ""
	}
	if !slices.Contains(t.Status.FormerOwners, before) {
		t.Status.FormerOwners = append(t.Status.FormerOwners, before)
	}
	return before
}

// NamedGroups lists the groups that an organization names anywhere: only these may
// enter a passport.
func NamedGroups(o *v1alpha1.Organization, s *v1alpha1.OrganizationSettings) []string {
	var groups []string
	add := func(g string) {
		if g != "" && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	if o != nil {
		for _, m := range slices.Concat(o.Spec.Members, o.Spec.Admins) {
			add(m.Group)
		}
	}
	if s != nil {
		for _, r := range s.Spec.Roles {
			add(r.Group)
		}
		for _, g := range s.Spec.Grants {
			add(g.Group)
		}
	}
	return groups
}

// IsAdmin reports whether the Organization names the user, or one of the groups, as an
// admin.
func IsAdmin(o *v1alpha1.Organization, user string, groups []string) bool {
	return isMember(o.Spec.Admins, user, groups)
}
