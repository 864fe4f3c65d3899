package config

import (
	"maps"
	"net/url"
	"regexp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// PolicyBundle is an OPA bundle with policies beside the built-in ones.
type PolicyBundle struct {
	Name string `json:"name"`
	// URL of the bundle, https.
	URL string `json:"url"`
	// CAFile verifies the server, instead of the system's authorities; TokenFile holds a
	// bearer token. Both may be left out.
	CAFile    string `json:"caFile,omitempty"`
	TokenFile string `json:"tokenFile,omitempty"`
	// Key verifies the bundle's signature, which it must have.
	Key BundleKey `json:"key"`
	// MinDelay and MaxDelay bound the time between two looks; 60 s and 120 s if left out.
	MinDelay metav1.Duration `json:"minDelay,omitzero"`
	MaxDelay metav1.Duration `json:"maxDelay,omitzero"`
	// MinRevision is the oldest revision that is accepted after a start: what a replica
	// has seen before, it forgets when it ends.
	MinRevision string `json:"minRevision,omitempty"`
}

// PodTemplate says where a custom resource keeps the Pods that it becomes, so that rules
// about Pods judge it before its operator makes any.
type PodTemplate struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	// Path of the template, with [] after a list: spec.replicatedJobs[].template.spec.template.
	Path string `json:"path"`
}

// PodTemplatePaths gives the paths by <group>/<kind>.
func (c *Config) PodTemplatePaths() map[string]string {
	out := map[string]string{}
	for _, t := range c.PodTemplates {
		out[t.Group+"/"+t.Kind] = t.Path
	}
	return out
}

// PodKinds are the kinds that become Pods beside the built-in ones, as <group>/<kind>,
// sorted: those of PodTemplates, and sessions where Gatehouse runs them.
func (c *Config) PodKinds() []string {
	kinds := slices.Sorted(maps.Keys(c.PodTemplatePaths()))
	if c.Sessions.Enabled {
		kinds = append(kinds, "research.example.com/ResearchSession")
		slices.Sort(kinds)
	}
	return kinds
}

var templatePath = regexp.MustCompile(`^[A-Za-z0-9_-]+(\[\])?(\.[A-Za-z0-9_-]+(\[\])?)*$`)

func validatePodTemplates(templates []PodTemplate, path *field.Path) field.ErrorList {
	var all field.ErrorList
	seen := map[string]bool{}
	for i, t := range templates {
		at := path.Index(i)
		if t.Group == "" || t.Kind == "" {
			all = append(all, field.Required(at, "group and kind of a custom resource; built-in workloads are known"))
		}
		if !templatePath.MatchString(t.Path) {
			all = append(all, field.Invalid(at.Child("path"), t.Path, "must be as in spec.template, with [] after a list"))
		}
		if name := t.Group + "/" + t.Kind; seen[name] {
			all = append(all, field.Duplicate(at, name))
		} else {
			seen[name] = true
		}
	}
	return all
}

// BundleKey is a public key.
type BundleKey struct {
	// ID is the kid in the signature's header.
	ID string `json:"id"`
	// Algorithm is of the JWS family, for instance ES256.
	Algorithm string `json:"algorithm"`
	// PublicKeyFile is in PEM.
	PublicKeyFile string `json:"publicKeyFile"`
}

// bundleAlgorithms are those with a public key: who can verify cannot sign.
var bundleAlgorithms = []string{"ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}

func validatePolicyBundles(bundles []PolicyBundle, path *field.Path) field.ErrorList {
	var all field.ErrorList
	seen := map[string]bool{}
	for i, b := range bundles {
		at := path.Index(i)
		for _, problem := range validation.IsDNS1123Label(b.Name) {
			all = append(all, field.Invalid(at.Child("name"), b.Name, problem))
		}
		if seen[b.Name] {
			all = append(all, field.Duplicate(at.Child("name"), b.Name))
		}
		seen[b.Name] = true
		if u, err := url.Parse(b.URL); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			all = append(all, field.Invalid(at.Child("url"), b.URL, "must be https://host/path, without credentials in it"))
		}
		if b.Key.ID == "" || b.Key.PublicKeyFile == "" {
			all = append(all, field.Required(at.Child("key"), "id and publicKeyFile: a bundle that nobody signed is not taken"))
		}
		if !slices.Contains(bundleAlgorithms, b.Key.Algorithm) {
			all = append(all, field.NotSupported(at.Child("key", "algorithm"), b.Key.Algorithm, bundleAlgorithms))
		}
		if b.MinDelay.Duration > b.MaxDelay.Duration {
			all = append(all, field.Invalid(at.Child("minDelay"), b.MinDelay.Duration.String(), "is more than maxDelay"))
		}
	}
	return all
}
