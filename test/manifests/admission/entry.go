package admission

import (
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// labelTenant marks the namespaces that belong to tenants.
const labelTenant = "gatehouse.dev/tenant"

// Entry is one webhook of either configuration.
type Entry struct {
	// Letter is the entry's name in the architecture, a to d.
	Letter string
	// Name is the webhook's name, Path its last path segment.
	Name string
	Path string
	// Scope, Resources and Selector say what the API server asks the conditions about.
	Scope     admissionregistrationv1.ScopeType
	Resources []GroupResources
	Selector  metav1.LabelSelector
	// conditions must all be true, beside what the exemptions say, for the webhook to be called.
	conditions []Condition
}

// Condition is CEL with a name for people.
type Condition struct{ Name, Expression string }

// GroupResources are resources of some API groups, in all versions.
type GroupResources struct{ Groups, Resources []string }

// platformKinds are our own cluster-scoped kinds but QuotaLedger: a reservation would
// call us inside our own call.
var platformKinds = []string{"tenants", "organizations", "organizationsettings", "tiers", "models", "policies"}

// gatekeeperGroups hold Gatekeeper's templates and constraints, which are cluster-scoped.
var gatekeeperGroups = []string{"templates.gatekeeper.sh", "constraints.gatekeeper.sh"}

// namespaces is every resource of that name, whatever its group: for all of them the API
// server holds a namespaceSelector against the labels of the object that is written, so
// a selector says nothing about where the write goes.
const namespaces = "request.resource.resource == 'namespaces'"

// Entries is the table: each write that is not exempt meets exactly one of them.
func Entries(i installation.Installation) []Entry {
	everything := []GroupResources{{Groups: []string{"*"}, Resources: []string{"*/*"}}}
	entries := []Entry{
		{
			Letter:    "a",
			Name:      "tenant",
			Scope:     admissionregistrationv1.NamespacedScope,
			Resources: everything,
			Selector:  tenantLabel(metav1.LabelSelectorOpExists),
			conditions: []Condition{
				{Name: "not-a-namespace", Expression: not(namespaces)},
			},
		},
		{
			Letter:    "b",
			Name:      "namespaces",
			Scope:     admissionregistrationv1.AllScopes,
			Resources: []GroupResources{{Groups: []string{"*"}, Resources: withSubresources([]string{"namespaces"})}},
			conditions: []Condition{
				{Name: "tenant-namespace-or-guest", Expression: anyOf(
					labeled("object"), labeled("oldObject"), prefixed(i.NamespacePrefix), Guest(i))},
			},
		},
		{
			Letter:    "c",
			Name:      "platform",
			Scope:     admissionregistrationv1.ClusterScope,
			Resources: []GroupResources{{Groups: []string{"gatehouse.dev"}, Resources: withSubresources(platformKinds)}, {Groups: gatekeeperGroups, Resources: []string{"*/*"}}},
		},
		{
			Letter:    "d",
			Name:      "guests",
			Scope:     admissionregistrationv1.AllScopes,
			Resources: everything,
			Selector:  tenantLabel(metav1.LabelSelectorOpDoesNotExist),
			conditions: []Condition{
				{Name: "guest", Expression: Guest(i)},
				{Name: "not-a-namespace", Expression: not(namespaces)},
				{Name: "not-a-platform-kind", Expression: not(allOf(
					"!has(request.namespace) || request.namespace == ''",
					anyOf(
						"request.resource.group == 'gatehouse.dev' && request.resource.resource in ['"+strings.Join(platformKinds, "', '")+"']",
						"request.resource.group in ['"+strings.Join(gatekeeperGroups, "', '")+"']",
					)))},
			},
		},
	}
	for n := range entries {
		entry := &entries[n]
		entry.Path = entry.Name
		entry.Name += ".gatehouse.dev"
	}
	return entries
}

func tenantLabel(operator metav1.LabelSelectorOperator) metav1.LabelSelector {
	return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: labelTenant, Operator: operator}}}
}

func withSubresources(resources []string) []string {
	var both []string
	for _, name := range resources {
		both = append(both, name, name+"/*")
	}
	return both
}

// labeled is true when the object, old or new, carries a tenant's label.
func labeled(object string) string {
	return fmt.Sprintf("%[1]s != null && has(%[1]s.metadata) && has(%[1]s.metadata.labels) && '%[2]s' in %[1]s.metadata.labels", object, labelTenant)
}

// prefixed is true when the name, now, before or once generated, is a tenant namespace's.
func prefixed(prefix string) string {
	parts := []string{
		fmt.Sprintf("has(request.name) && request.name.startsWith('%s')", prefix),
		fmt.Sprintf("has(request.namespace) && request.namespace.startsWith('%s')", prefix),
	}
	for _, object := range []string{"object", "oldObject"} {
		for _, field := range []string{"name", "generateName"} {
			parts = append(parts, fmt.Sprintf("%[1]s != null && has(%[1]s.metadata) && has(%[1]s.metadata.%[2]s) && %[1]s.metadata.%[2]s.startsWith('%[3]s')", object, field, prefix))
		}
	}
	return anyOf(parts...)
}
