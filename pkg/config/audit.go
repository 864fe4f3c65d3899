package config

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Audit is the background audit: everything stored in tenants' namespaces of some kinds
// is judged again and again by the policies in force, and reported per namespace.
type Audit struct {
	Enabled bool `json:"enabled"`
	// Interval from the beginning of one pass to that of the next.
	Interval metav1.Duration `json:"interval"`
	// Resources that are looked at; the provisioner's account needs list for each.
	Resources []AuditedResource `json:"resources"`
	// PageSize bounds one list, RequestsPerSecond the load on the API server.
	PageSize          int64 `json:"pageSize"`
	RequestsPerSecond int   `json:"requestsPerSecond"`
}

// AuditedResource is a resource by its plural.
type AuditedResource struct {
	Group    string `json:"group,omitempty"`
	Version  string `json:"version"`
	Resource string `json:"resource"`
}

// defaultAudit looks at what runs and at what opens doors, and at nothing that may hold
// a secret.
func defaultAudit() Audit {
	return Audit{
		Enabled: true, Interval: metav1.Duration{Duration: 10 * time.Minute}, PageSize: 500, RequestsPerSecond: 20,
		Resources: []AuditedResource{
			{"", "v1", "pods"}, {"", "v1", "services"}, {"", "v1", "serviceaccounts"}, {"", "v1", "persistentvolumeclaims"},
			{"apps", "v1", "deployments"}, {"apps", "v1", "statefulsets"}, {"apps", "v1", "daemonsets"},
			{"batch", "v1", "jobs"}, {"batch", "v1", "cronjobs"},
			{"networking.k8s.io", "v1", "ingresses"}, {"networking.k8s.io", "v1", "networkpolicies"},
			{"rbac.authorization.k8s.io", "v1", "roles"}, {"rbac.authorization.k8s.io", "v1", "rolebindings"},
			{"research.example.com", "v1", "researchsessions"},
		},
	}
}

func validateAudit(a Audit, path *field.Path) field.ErrorList {
	var all field.ErrorList
	if !a.Enabled {
		return nil
	}
	if a.Interval.Duration < time.Second {
		all = append(all, field.Invalid(path.Child("interval"), a.Interval.Duration.String(), "must be at least 1s"))
	}
	if a.PageSize < 1 || a.PageSize > 1000 {
		all = append(all, field.Invalid(path.Child("pageSize"), a.PageSize, "must be between 1 and 1000"))
	}
	if a.RequestsPerSecond < 1 {
		all = append(all, field.Invalid(path.Child("requestsPerSecond"), a.RequestsPerSecond, "must be at least 1"))
	}
	for i, r := range a.Resources {
		if r.Version == "" || r.Resource == "" {
			all = append(all, field.Required(path.Child("resources").Index(i), "version and resource"))
		}
		if r.Group == "" && r.Resource == "secrets" {
			all = append(all, field.Invalid(path.Child("resources").Index(i), r.Resource, "the background audit does not read Secrets"))
		}
	}
	return all
}
