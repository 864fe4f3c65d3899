package config

import (
	"maps"

	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Callers is what the classification of callers needs: the built-in caller table with
// the extra rows after it.
func (c *Config) Callers() tenant.Callers {
	return tenant.Callers{
		Aliases:         c.Aliases(),
		SystemNamespace: c.SystemNamespace,
		NamespacePrefix: c.TenantNamespacePrefix,
		PlatformUsers:   c.PlatformAdmins.Users,
		PlatformGroups:  c.PlatformAdmins.Groups,
		BreakGlassUsers: c.BreakGlass.Users, BreakGlassGroups: c.BreakGlass.Groups,
		Controllers: tenant.ControllerTable{
			Rules:  append(tenant.BuiltinControllers(), c.Controllers.Extra...),
			Shared: c.Controllers.Shared,
		},
	}
}

// PolicyParameters are the parameters of built-in policies, by policy and name, as the
// engine takes them; those that follow from the rest of the configuration cannot be set.
func (c *Config) PolicyParameters() map[string]map[string]any {
	all := map[string]map[string]any{}
	for policy, parameters := range c.Policies {
		all[policy] = maps.Clone(parameters)
	}
	const membership = "isolation/tenant-membership"
	if all[membership] == nil {
		all[membership] = map[string]any{}
	}
	all[membership]["namespacePrefix"] = c.TenantNamespacePrefix
	return all
}
