package attacks

import (
	_ "embed"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed day.yaml
var dayFile []byte

// Chore is what an honest tenant does with one object in the course of a day.
type Chore struct {
	// Base names a manifest of bases.yaml, Workload a kind that is made of its Pod.
	Base     string `json:"base,omitempty"`
	Workload string `json:"workload,omitempty"`
	// Set is laid over the manifest; {namespace} in a text stands for the tenant's.
	Set map[string]any `json:"set,omitempty"`
	// Change holds by JSON pointer what the object is changed to, in turn.
	Change map[string][]any `json:"change"`
	// Scale is set for kinds with a subresource of that name.
	Scale bool `json:"scale,omitempty"`
}

// LoadDay reads the chores of a day; bases are the manifests of Load.
func LoadDay(bases map[string]map[string]any) ([]Chore, error) {
	var chores []Chore
	if err := yaml.UnmarshalStrict(dayFile, &chores); err != nil {
		return nil, fmt.Errorf("day.yaml: %w", err)
	}
	for _, c := range chores {
		if (c.Base == "") == (c.Workload == "") || len(c.Change) == 0 {
			return nil, fmt.Errorf("day.yaml: %q%q: want a base or a workload, and a change", c.Base, c.Workload)
		}
		if c.Base != "" && bases[c.Base] == nil {
			return nil, fmt.Errorf("day.yaml: no base %s", c.Base)
		}
	}
	return chores, nil
}

// Kinds are what chores are about, sorted.
func Kinds(chores []Chore, bases map[string]map[string]any) []string {
	kinds := map[string]bool{}
	for _, c := range chores {
		kinds[c.Workload+text(bases[c.Base], "kind")] = true
	}
	return sorted(kinds)
}

// manifest is the chore's object as it is made.
func (c Chore) manifest(bases map[string]map[string]any, name, namespace string) (map[string]any, error) {
	object := clone(bases[c.Base])
	if c.Workload != "" {
		object = workload(c.Workload, bases["pod"])
	}
	for _, at := range sorted(c.Set) {
		value := c.Set[at]
		if s, ok := value.(string); ok {
			value = strings.ReplaceAll(s, "{namespace}", namespace)
		}
		if err := set(object, at, value); err != nil {
			return nil, err
		}
	}
	return object, set(object, "/metadata/name", name)
}

// changed is an object with the chore's n-th change.
func (c Chore) changed(object map[string]any, n int) (map[string]any, error) {
	out := clone(object)
	for _, at := range sorted(c.Change) {
		if err := set(out, at, c.Change[at][n%len(c.Change[at])]); err != nil {
			return nil, err
		}
	}
	return out, set(out, "/metadata/labels/day", fmt.Sprint("step-", n))
}
