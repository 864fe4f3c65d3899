package config

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Gatekeeper is what templates and constraints in Gatekeeper's format need beside
// themselves.
type Gatekeeper struct {
	// Inventory lists the kinds that referential templates find in data.inventory. The
	// webhook's account needs the right to get, list and watch each of them.
	Inventory []InventoryKind `json:"inventory,omitempty"`
}

// InventoryKind is one kind in one version.
type InventoryKind struct {
	Group   string `json:"group,omitempty"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

// InventoryKinds as the API machinery names them.
func (g Gatekeeper) InventoryKinds() []schema.GroupVersionKind {
	out := make([]schema.GroupVersionKind, 0, len(g.Inventory))
	for _, k := range g.Inventory {
		out = append(out, schema.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind})
	}
	return out
}

func (g Gatekeeper) validate(at *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[InventoryKind]bool{}
	for i, k := range g.Inventory {
		path := at.Child("inventory").Index(i)
		switch {
		case k.Version == "":
			errs = append(errs, field.Required(path.Child("version"), "the version that templates name, as v1"))
		case k.Kind == "":
			errs = append(errs, field.Required(path.Child("kind"), "the kind, as Ingress"))
		case k.Group == "" && k.Kind == "Secret":
			errs = append(errs, field.Forbidden(path, "Secrets are never shown to templates"))
		case seen[k]:
			errs = append(errs, field.Duplicate(path, k.Kind))
		}
		seen[k] = true
	}
	return errs
}
