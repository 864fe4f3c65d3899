package conformance

import (
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
)

// clusterScoped are the kinds of the cases that belong to no namespace.
var clusterScoped = map[string]bool{"Namespace": true, "ClusterRole": true, "Tenant": true, "Tier": true}

// plural names the resource of a kind of the cases.
func plural(kind string) string { return strings.ToLower(kind) + "s" }

// entryOf says which webhook entry a request meets.
func entryOf(r *admissionv1.AdmissionRequest) string {
	switch {
	case r.Kind.Kind == "Namespace":
		return "namespaces"
	case strings.HasPrefix(r.Namespace, "claude-runner-user-"):
		return "tenant"
	case r.Kind.Group == "gatehouse.dev" && clusterScoped[r.Kind.Kind]:
		return "platform"
	}
	return "guests"
}
