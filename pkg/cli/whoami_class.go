package cli

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"

	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// classify names the caller's class by the installation's configuration. Those who may
// not read it, tenants that is, are told by name and groups, as the built-in rules have
// it: a person is whom an issuer vouched for. A configuration that can be read also says
// how tenant namespaces begin.
func (w *whoami) classify(ctx context.Context, c *cluster, user authenticationv1.UserInfo) (tenant.Caller, error) {
	subject := review.Subject{Username: user.Username, UID: user.UID, Groups: user.Groups}
	known := tenant.Callers{
		SystemNamespace: w.system, NamespacePrefix: w.prefix, PlatformGroups: []string{"system:masters"},
		Controllers: tenant.ControllerTable{Rules: tenant.BuiltinControllers(), Shared: "system:kube-controller-manager"},
	}
	if alias, _, ok := tenant.Split(user.Username); ok && alias != "system" && subject.InGroup(tenant.GroupUsers) {
		known.Aliases = []string{alias}
	}
	switch cfg, err := liveConfig(ctx, c, w.system); {
	case err == nil:
		known = cfg.Callers()
		w.prefix = known.NamespacePrefix
	case !unreadable(err):
		return tenant.Caller{}, err
	}
	return known.Classify(subject), nil
}

// without says why a caller of a class has no tenant, "" for people, who may get one.
func without(caller tenant.Caller) string {
	switch caller.Class {
	case tenant.ClassHuman:
		return ""
	case tenant.ClassPlatform:
		return fmt.Sprintf("the platform needs none: it writes in every tenant's namespace, as platform:%s, counted and never denied", caller.Username)
	case tenant.ClassController:
		return "a controller acts for whoever owns the object, and may do exactly what the platform registered it for"
	case tenant.ClassNode:
		return "a node reports the status of its pods and ends them, nothing else"
	}
	return "this caller is of no class that may write in a tenant's namespace; only people whom an identity provider names can have a tenant"
}
