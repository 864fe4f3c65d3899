package admission

import (
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// Exemption is a kind of write in a tenant's namespace that the webhooks never see,
// because it must not stop when they do.
type Exemption struct {
	// Name stands over its part of the matchCondition.
	Name string
	// Who, What and Why are for people: docs/exemptions.md.
	Who  string
	What []string
	Why  string
	// Entries are the letters of the entries that the exemption belongs to.
	Entries string
	// exempt is true for the exempted writes; everybody says that it asks not who writes,
	// and else it is true only for accounts that isSystem is true for.
	exempt    string
	everybody bool
}

// Condition is false for what is exempt.
func (e Exemption) Condition() Condition { return Condition{Name: e.Name, Expression: not(e.exempt)} }

// exemptionsOf are those that belong to an entry.
func exemptionsOf(i installation.Installation, entry Entry) []Exemption {
	return slices.DeleteFunc(Exemptions(i), func(e Exemption) bool { return !strings.Contains(e.Entries, entry.Letter) })
}

// Exemptions lists everything that is kept from the webhooks.
func Exemptions(i installation.Installation) []Exemption {
	accounts := []string{SharedController}
	for _, controller := range Controllers() {
		accounts = append(accounts, controller.Account())
	}
	return []Exemption{
		{
			Name:      "not-a-review",
			Who:       "everybody",
			What:      []string{"authentication.k8s.io", "authorization.k8s.io"},
			Why:       "questions about identity and rights; nothing is stored. A token for a service account (serviceaccounts/token) is not among them",
			Entries:   "ad",
			everybody: true,
			exempt:    "request.resource.group in ['authentication.k8s.io', 'authorization.k8s.io']",
		},
		{
			Name: "not-a-node-at-work",
			Who:  "nodes (group system:nodes, user system:node:<name>)",
			What: []string{"pods/status", "DELETE of pods", "events", "serviceaccounts/token", "persistentvolumeclaims/status"},
			Why:  "a node reports and ends Pods whether or not we answer; the API server's NodeRestriction holds it to its own Pods",
			exempt: allOf(
				"has(request.userInfo.username) && request.userInfo.username.startsWith('system:node:')",
				"has(request.userInfo.groups) && 'system:nodes' in request.userInfo.groups",
				anyOf(
					isResource("", "pods")+" && "+subresource("status"),
					isResource("", "pods")+" && request.operation == 'DELETE' && "+subresource(""),
					"request.resource.group in ['', 'events.k8s.io'] && request.resource.resource == 'events'",
					isResource("", "serviceaccounts")+" && "+subresource("token"),
					isResource("", "persistentvolumeclaims")+" && "+subresource("status"),
				),
			),
			Entries: "a",
		},
		{
			Name: "not-a-controller-cleaning-up",
			Who:  "every account of kube-controller-manager, the shared one too",
			What: []string{"DELETE", "*/status", "namespaces/finalize", "UPDATE of an object that is being deleted"},
			Why:  "what was accepted for deletion ends, finalizers come off, status follows what is",
			exempt: allOf(
				byOneOf(accounts),
				anyOf(
					"request.operation == 'DELETE'",
					subresource("status"),
					isResource("", "namespaces")+" && "+subresource("finalize"),
					"request.operation == 'UPDATE' && oldObject != null && has(oldObject.metadata) && has(oldObject.metadata.deletionTimestamp)",
				),
			),
			Entries: "abc",
		},
		{
			Name: "not-the-garbage-collector",
			Who:  "the garbage collector; under the shared account only writes that leave everything but ownerReferences and finalizers as it was",
			What: []string{"PATCH (arrives as UPDATE)"},
			Why:  "dependents are cut loose before their owner can go",
			exempt: allOf(
				"request.operation == 'UPDATE'",
				anyOf(
					by(GarbageCollector),
					allOf(
						by(SharedController),
						subresource(""),
						"object != null && oldObject != null && has(object.metadata) && has(oldObject.metadata)",
						"(has(object.metadata.labels) ? object.metadata.labels : {}) == (has(oldObject.metadata.labels) ? oldObject.metadata.labels : {})",
						"(has(object.metadata.annotations) ? object.metadata.annotations : {}) == (has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {})",
						"object.all(key, key == 'metadata' || (key in oldObject && object[key] == oldObject[key]))",
						"oldObject.all(key, key in object)",
					),
				),
			),
			Entries: "abc",
		},
		{
			Name:    "not-the-quota-plugin",
			Who:     "system:apiserver",
			What:    []string{"resourcequotas/status"},
			Why:     "the API server counts inside the very create that we are asked about",
			exempt:  allOf(by("system:apiserver"), isResource("", "resourcequotas"), subresource("status")),
			Entries: "a",
		},
		{
			Name:    "not-the-usage-report",
			Who:     "the provisioner",
			What:    []string{"usages.gatehouse.dev"},
			Why:     "what a person may read about herself; written by the provisioner alone and sealed by nobody",
			exempt:  allOf(by(i.Provisioner()), isResource("gatehouse.dev", "usages")),
			Entries: "a",
		},
	}
}
