package tenant

import (
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/review"
)

// Class says what kind of caller the API server named.
type Class string

// The classes. Unknown callers are denied in tenant namespaces.
const (
	ClassUnknown        Class = "unknown"
	ClassHuman          Class = "human"
	ClassServiceAccount Class = "service-account"
	ClassDeployer       Class = "deployer"
	ClassController     Class = "controller"
	ClassPlatform       Class = "platform"
	ClassNode           Class = "node"
)

// GroupUsers holds every OIDC user; no claim can yield it.
const GroupUsers = "gatehouse:users"

// DeployerAccount is the ServiceAccount of a tenant namespace that GitOps tools
// impersonate.
const DeployerAccount = "deployer"

const serviceAccountPrefix = "system:serviceaccount:"

// Callers is what the configuration says of who calls.
type Callers struct {
	// Aliases of the trusted issuers, without the colon.
	Aliases []string
	// SystemNamespace holds our own accounts, NamespacePrefix begins every tenant
	// namespace.
	SystemNamespace string
	NamespacePrefix string
	// PlatformUsers and PlatformGroups name the platform's admins.
	PlatformUsers  []string
	PlatformGroups []string
	// BreakGlassUsers and BreakGlassGroups name those whose every write is allowed.
	BreakGlassUsers  []string
	BreakGlassGroups []string
	Controllers      ControllerTable
}

// Caller is a classified subject.
type Caller struct {
	Class Class
	// Username as the API server gave it.
	Username string
	Groups   []string
	// Namespace and Account of a tenant's ServiceAccount.
	Namespace string
	Account   string
	// BreakGlass marks a platform caller whose every write is allowed.
	BreakGlass bool
}

// Classify names the class of a subject. The order matters: an account in a tenant
// namespace is a tenant's whatever its groups say, so that no group makes it exempt.
func (c *Callers) Classify(s review.Subject) Caller {
	caller := Caller{Class: ClassUnknown, Username: s.Username, Groups: s.Groups}
	if ns, account, ok := serviceAccount(s.Username); ok {
		if strings.HasPrefix(ns, c.NamespacePrefix) {
			caller.Class, caller.Namespace, caller.Account = ClassServiceAccount, ns, account
			if account == DeployerAccount {
				caller.Class = ClassDeployer
			}
			return caller
		}
		if ns == c.SystemNamespace && (account == "gatehouse-provisioner" || account == "gatehouse-webhook") {
			caller.Class = ClassPlatform
			return caller
		}
	}
	if slices.Contains(c.BreakGlassUsers, s.Username) || overlaps(c.BreakGlassGroups, s.Groups) {
		caller.Class, caller.BreakGlass = ClassPlatform, true
		return caller
	}
	switch {
	case strings.HasPrefix(s.Username, "system:node:") && s.InGroup("system:nodes"):
		caller.Class = ClassNode
	case c.Controllers.Knows(s.Username):
		caller.Class = ClassController
	case slices.Contains(c.PlatformUsers, s.Username) || overlaps(c.PlatformGroups, s.Groups):
		caller.Class = ClassPlatform
	case c.human(s.Username):
		caller.Class = ClassHuman
	}
	return caller
}

func (c *Callers) human(username string) bool {
	alias, _, ok := Split(username)
	return ok && slices.Contains(c.Aliases, alias)
}

func serviceAccount(username string) (namespace, name string, ok bool) {
	rest, found := strings.CutPrefix(username, serviceAccountPrefix)
	if !found {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	return namespace, name, ok && namespace != "" && name != ""
}

func overlaps(a, b []string) bool {
	for _, x := range a {
		if slices.Contains(b, x) {
			return true
		}
	}
	return false
}
