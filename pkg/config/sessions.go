package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Sessions is how the provisioner runs a ResearchSession as a Job.
type Sessions struct {
	// Enabled is false where something else runs them, such as Claude Runner's own
	// operator during a migration.
	Enabled bool `json:"enabled"`
	// Image of the runner. The tenants' tiers must allow its repository.
	Image string `json:"image"`
	// BackendURL is where the runner reports to, reached from tenants' namespaces, so with
	// a namespace in its host name.
	BackendURL string `json:"backendURL"`
	// DefaultModel is what a session means that names none.
	DefaultModel string `json:"defaultModel"`
	// Secret of the tenant's namespace that holds the key for model calls.
	Secret SecretKey `json:"secret"`
	// Resources of the runner's container.
	Resources Resources `json:"resources"`
	// MaxTimeout is the longest that a session runs where no limit session-length is in
	// force.
	MaxTimeout metav1.Duration `json:"maxTimeout"`
	// TTLAfterFinished is how long a finished Job, its Pods and their logs are kept.
	TTLAfterFinished metav1.Duration `json:"ttlAfterFinished"`
	// BackoffLimit is how many times a run that failed is tried again.
	BackoffLimit int32 `json:"backoffLimit"`
}

// SecretKey is one key of a Secret.
type SecretKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Resources of a container, by resource name. What a file does not name keeps its default.
type Resources struct {
	Requests corev1.ResourceList `json:"requests"`
	Limits   corev1.ResourceList `json:"limits"`
}

// The bounds of what a session may be configured to.
const (
	maxBackoffLimit = 10
	maxSessionTime  = 30 * 24 * time.Hour
)

// defaultSessions are Claude Runner's own values.
func defaultSessions() Sessions {
	amounts := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	}
	return Sessions{
		Enabled:          true,
		Image:            "quay.io/gkrumbach07/claude-runner:latest",
		BackendURL:       "http://backend-service.claude-runner-system.svc:8080/api",
		DefaultModel:     "claude-3-5-sonnet-20241022",
		Secret:           SecretKey{Name: "claude-research-secrets", Key: "anthropic-api-key"},
		Resources:        Resources{Requests: amounts("1", "2Gi"), Limits: amounts("2", "4Gi")},
		MaxTimeout:       metav1.Duration{Duration: 30 * time.Minute},
		TTLAfterFinished: metav1.Duration{Duration: time.Hour},
		BackoffLimit:     3,
	}
}

func validateSessions(s Sessions, path *field.Path) field.ErrorList {
	var all field.ErrorList
	for _, required := range []struct{ name, value string }{{"image", s.Image}, {"defaultModel", s.DefaultModel}} {
		if required.value == "" || strings.ContainsAny(required.value, " \t\r\n") {
			all = append(all, field.Invalid(path.Child(required.name), required.value, "must be given, without spaces"))
		}
	}
	if u, err := url.Parse(s.BackendURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		all = append(all, field.Invalid(path.Child("backendURL"), s.BackendURL, "must be an http or https URL with a host and without a user"))
	}
	secret := path.Child("secret")
	for _, problem := range validation.IsDNS1123Subdomain(s.Secret.Name) {
		all = append(all, field.Invalid(secret.Child("name"), s.Secret.Name, problem))
	}
	for _, problem := range validation.IsConfigMapKey(s.Secret.Key) {
		all = append(all, field.Invalid(secret.Child("key"), s.Secret.Key, problem))
	}
	all = append(all, validateResources(s.Resources, path.Child("resources"))...)
	all = append(all, duration(s.MaxTimeout, time.Second, maxSessionTime, path.Child("maxTimeout"))...)
	all = append(all, duration(s.TTLAfterFinished, time.Second, maxSessionTime, path.Child("ttlAfterFinished"))...)
	if s.BackoffLimit < 0 || s.BackoffLimit > maxBackoffLimit {
		all = append(all, field.Invalid(path.Child("backoffLimit"), s.BackoffLimit, "must be between 0 and 10: each try is paid for"))
	}
	return all
}

// validateResources wants CPU and memory to be requested, which the tenants' ResourceQuota
// asks for, and no limit below its request.
func validateResources(r Resources, path *field.Path) field.ErrorList {
	var all field.ErrorList
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if amount := r.Requests[name]; amount.Sign() <= 0 {
			all = append(all, field.Invalid(path.Child("requests").Key(string(name)), amount.String(), "must be positive"))
		}
	}
	var names []string
	for name := range r.Limits {
		names = append(names, string(name))
	}
	slices.Sort(names)
	for _, name := range names {
		limit, request := r.Limits[corev1.ResourceName(name)], r.Requests[corev1.ResourceName(name)]
		if limit.Sign() <= 0 || limit.Cmp(request) < 0 {
			all = append(all, field.Invalid(path.Child("limits").Key(name), limit.String(), "must be positive and at least the request"))
		}
	}
	return all
}

// duration wants whole seconds within bounds.
func duration(d metav1.Duration, least, most time.Duration, path *field.Path) field.ErrorList {
	if d.Duration < least || d.Duration > most || d.Duration%time.Second != 0 {
		return field.ErrorList{field.Invalid(path, d.Duration.String(), "must be whole seconds between "+least.String()+" and "+most.String())}
	}
	return nil
}
