package config

import "gatehouse.dev/gatehouse/pkg/tenant"

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

// PolicyParameters are the parameters of built-in policies that follow from the rest of
// the configuration, by policy and key, as the engine takes them.
func (c *Config) PolicyParameters() map[string]map[string]any {
	return map[string]map[string]any{
		"isolation/tenant-membership": {"namespacePrefix": c.TenantNamespacePrefix},
	}
}
