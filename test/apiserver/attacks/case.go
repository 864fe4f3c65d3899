package attacks

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed cases/*.yaml bases.yaml
var files embed.FS

// Areas in the order of the table; each is a file of cases.
var Areas = []string{
	"namespaces", "rbac", "pods", "services", "networking", "storage", "secrets", "devices",
	"gitops", "objects", "identity", "quota", "models", "platform",
}

// Case is one attack.
type Case struct {
	// Number counts over all areas, from 1.
	Number int    `json:"-"`
	Area   string `json:"-"`

	Title string `json:"title"`
	// Taught is the incident, advisory or benchmark that it comes from.
	Taught string `json:"taught"`
	// By is who must deny: a rule's name, rbac, PodSecurity, or an admission guard.
	By string `json:"by"`
	// As lists who tries it, alice and an account of hers where it is empty.
	As []string `json:"as,omitempty"`
	// Wide gives the attackers every right that RBAC has, so that nothing but Gatehouse
	// is left to deny.
	Wide bool `json:"wide,omitempty"`
	// In is whose namespace the object is in, alice's where it is empty.
	In string `json:"in,omitempty"`

	Attack  `json:",inline"`
	Control Control `json:"control,omitempty"`
}

// Attack is what is sent; one of Object, Target, Request and Do says how.
type Attack struct {
	// Object names an honest manifest of bases.yaml that Set and Unset turn hostile.
	Object string         `json:"object,omitempty"`
	Set    map[string]any `json:"set,omitempty"`
	Unset  []string       `json:"unset,omitempty"`
	// Routes are create and update where they are empty.
	Routes []string `json:"routes,omitempty"`
	// Pod is who denies a Pod itself, where that is not By: the API server's Pod Security
	// comes before webhooks, and looks at no templates.
	Pod string `json:"pod,omitempty"`

	// Target is an object that is there already and is not the attacker's.
	Target *Target `json:"target,omitempty"`

	// Request is sent as it is.
	Request *Request `json:"request,omitempty"`

	// Do names a function for what no other shape can say.
	Do string `json:"do,omitempty"`
}

// Target is an object of somebody else's.
type Target struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	// Namespace is empty for cluster-scoped kinds.
	Namespace string `json:"namespace,omitempty"`
	// Subresources are tried beside the object itself.
	Subresources []string `json:"subresources,omitempty"`
	// Delete tries to delete it too, alone and as a collection.
	Delete bool `json:"delete,omitempty"`
}

// Request is one HTTP request; {alice}, {bob} and {carol} in it stand for namespaces.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Type    string            `json:"type,omitempty"`
	Body    map[string]any    `json:"body,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// Control is what must pass where the attack must not. Without one it is the honest
// object, by the attacker herself.
type Control struct {
	// As is who may do it; admin does the attack itself as a dry run.
	As string `json:"as,omitempty"`
	// Object is an honest manifest.
	Object string `json:"object,omitempty"`
	Set    map[string]any
	// Request is one that is allowed.
	Request *Request `json:"request,omitempty"`
}

// Load reads every case, numbered, and the honest manifests by name.
func Load() ([]Case, map[string]map[string]any, error) {
	var cases []Case
	for _, area := range Areas {
		raw, err := files.ReadFile("cases/" + area + ".yaml")
		if err != nil {
			return nil, nil, fmt.Errorf("cases of %s: %w", area, err)
		}
		var list []Case
		if err := yaml.UnmarshalStrict(raw, &list); err != nil {
			return nil, nil, fmt.Errorf("cases/%s.yaml: %w", area, err)
		}
		for _, c := range list {
			c.Area, c.Number = area, len(cases)+1
			if err := c.check(); err != nil {
				return nil, nil, fmt.Errorf("cases/%s.yaml: %q: %w", area, c.Title, err)
			}
			cases = append(cases, c)
		}
	}
	raw, err := files.ReadFile("bases.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("honest manifests: %w", err)
	}
	bases := map[string]map[string]any{}
	if err := yaml.UnmarshalStrict(raw, &bases); err != nil {
		return nil, nil, fmt.Errorf("bases.yaml: %w", err)
	}
	for _, c := range cases {
		if c.Object != "" && bases[c.Object] == nil {
			return nil, nil, fmt.Errorf("cases/%s.yaml: %q: no base %s", c.Area, c.Title, c.Object)
		}
	}
	return cases, bases, nil
}

func (c *Case) check() error {
	ways := 0
	for _, there := range []bool{c.Object != "", c.Target != nil, c.Request != nil, c.Do != ""} {
		if there {
			ways++
		}
	}
	switch {
	case ways != 1:
		return fmt.Errorf("want one of object, target, request and do, got %d", ways)
	case c.Title == "" || c.Taught == "" || c.By == "":
		return fmt.Errorf("title, taught and by must be there")
	}
	if c.In == "" {
		c.In = "alice"
	}
	if len(c.As) == 0 {
		c.As = []string{"alice", "account"}
	}
	if len(c.Routes) == 0 {
		c.Routes = []string{"create", "update"}
		if strings.HasPrefix(c.Object, "pod") {
			// Nearly all of a Pod's spec cannot be changed by anybody.
			c.Routes = []string{"create"}
		}
	}
	return nil
}

func (c *Case) takes(route string) bool { return slices.Contains(c.Routes, route) }

// ID names a case in the table.
func (c *Case) ID() string { return fmt.Sprintf("%03d", c.Number) }
