package config

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// validateSubjects refuses what would give a tenant, or everybody, the platform's rights.
func (c *Config) validateSubjects(s Subjects, path *field.Path) field.ErrorList {
	groups, users := path.Child("groups"), path.Child("users")
	all := append(names(s.Groups, groups), names(s.Users, users)...)
	for i, group := range s.Groups {
		if slices.Contains(everyone, group) {
			all = append(all, field.Invalid(groups.Index(i), group, "would name everybody"))
		}
		if strings.HasPrefix(group, "system:serviceaccounts:"+c.TenantNamespacePrefix) {
			all = append(all, field.Invalid(groups.Index(i), group, "is a tenant's"))
		}
	}
	for i, user := range s.Users {
		if strings.HasPrefix(user, "system:serviceaccount:"+c.TenantNamespacePrefix) {
			all = append(all, field.Invalid(users.Index(i), user, "is a tenant's"))
		}
	}
	return all
}

func (c *Config) validateOnboarding(path *field.Path) field.ErrorList {
	o := c.Onboarding
	all := append(names(o.Issuers, path.Child("issuers")), names(o.Groups, path.Child("groups"))...)
	for i, alias := range o.Issuers {
		if known := c.Aliases(); !slices.Contains(known, alias) {
			all = append(all, field.NotSupported(path.Child("issuers").Index(i), alias, known))
		}
	}
	for i, domain := range o.Domains {
		for _, problem := range validation.IsDNS1123Subdomain(domain) {
			all = append(all, field.Invalid(path.Child("domains").Index(i), domain, problem))
		}
	}
	for _, problem := range validation.IsDNS1123Subdomain(o.DefaultOrganization) {
		all = append(all, field.Invalid(path.Child("defaultOrganization"), o.DefaultOrganization, problem))
	}
	for _, problem := range validation.IsDNS1123Subdomain(o.DefaultTier) {
		all = append(all, field.Invalid(path.Child("defaultTier"), o.DefaultTier, problem))
	}
	if o.Cap <= 0 {
		all = append(all, field.Invalid(path.Child("cap"), o.Cap, "must be positive; empty issuers close the door"))
	}
	return all
}

var (
	operations = []review.Operation{review.Create, review.Update, review.Delete, review.Connect}
	modes      = []tenant.Mode{tenant.ModeInherit, tenant.ModeMaintain, tenant.ModeSystem}
)

// validateControllers keeps accounts that a tenant can hold out of the caller table.
func (c *Config) validateControllers(path *field.Path) field.ErrorList {
	var all field.ErrorList
	if c.Controllers.Shared != "" && c.tenantHeld(c.Controllers.Shared) {
		all = append(all, field.Invalid(path.Child("shared"), c.Controllers.Shared, "is an account that a tenant can hold"))
	}
	for i, rule := range c.Controllers.Extra {
		at := path.Child("extra").Index(i)
		switch {
		case rule.Identity == "" || rule.Identity == tenant.AnyIdentity:
			all = append(all, field.Invalid(at.Child("identity"), rule.Identity, "must be one exact user name"))
		case c.tenantHeld(rule.Identity):
			all = append(all, field.Invalid(at.Child("identity"), rule.Identity, "is an account that a tenant can hold"))
		}
		if rule.Resource == "" {
			all = append(all, field.Required(at.Child("resource"), "a plural resource, or * for any"))
		}
		if len(rule.Operations) == 0 {
			all = append(all, field.Required(at.Child("operations"), "at least one"))
		}
		for j, operation := range rule.Operations {
			if !slices.Contains(operations, operation) {
				all = append(all, field.NotSupported(at.Child("operations").Index(j), operation, operations))
			}
		}
		if !slices.Contains(modes, rule.Mode) {
			all = append(all, field.NotSupported(at.Child("mode"), rule.Mode, modes))
		}
		for j, pointer := range rule.Fields {
			if !strings.HasPrefix(pointer, "/") {
				all = append(all, field.Invalid(at.Child("fields").Index(j), pointer, "must be a JSON pointer, beginning with a slash"))
			}
		}
	}
	return all
}

// tenantHeld reports whether a user name can be had by logging in or by making a
// service account in a tenant's namespace.
func (c *Config) tenantHeld(user string) bool {
	if strings.HasPrefix(user, "system:serviceaccount:"+c.TenantNamespacePrefix) {
		return true
	}
	for _, alias := range c.Aliases() {
		if strings.HasPrefix(user, alias+":") && !slices.Contains(reservedAliases, alias) {
			return true
		}
	}
	return false
}

func validateOwnerKinds(kinds []OwnerKind, path *field.Path) field.ErrorList {
	var all field.ErrorList
	seen := map[OwnerKind]bool{}
	for i, kind := range kinds {
		at := path.Index(i)
		if kind.Group != "" {
			for _, problem := range validation.IsDNS1123Subdomain(kind.Group) {
				all = append(all, field.Invalid(at.Child("group"), kind.Group, problem))
			}
		}
		for _, problem := range validation.IsDNS1035Label(kind.Version) {
			all = append(all, field.Invalid(at.Child("version"), kind.Version, problem))
		}
		for _, problem := range validation.IsDNS1035Label(strings.ToLower(kind.Kind)) {
			all = append(all, field.Invalid(at.Child("kind"), kind.Kind, problem))
		}
		if kind.Resource != "" {
			for _, problem := range validation.IsDNS1035Label(kind.Resource) {
				all = append(all, field.Invalid(at.Child("resource"), kind.Resource, problem))
			}
		}
		key := OwnerKind{Group: kind.Group, Kind: kind.Kind}
		if seen[key] {
			all = append(all, field.Duplicate(at, kind.Group+"/"+kind.Kind))
		}
		seen[key] = true
	}
	return all
}

// names wants a list of distinct, printable names without outer space.
func names(list []string, path *field.Path) field.ErrorList {
	var all field.ErrorList
	seen := map[string]bool{}
	for i, name := range list {
		switch {
		case name == "":
			all = append(all, field.Required(path.Index(i), "must not be empty"))
		case strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }):
			all = append(all, field.Invalid(path.Index(i), name, "must be one line without outer space"))
		case seen[name]:
			all = append(all, field.Duplicate(path.Index(i), name))
		}
		seen[name] = true
	}
	return all
}
