package facts

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Objects are everything that a snapshot is made of.
type Objects struct {
	Namespaces    []Namespace
	Tenants       []*v1alpha1.Tenant
	Organizations []*v1alpha1.Organization
	Settings      []*v1alpha1.OrganizationSettings
	Tiers         []*v1alpha1.Tier
	Models        []*v1alpha1.Model
	// Prefix begins every tenant namespace's name.
	Prefix string
}

// Change is what became of objects, by name: as each is now, nil for one that is gone.
type Change struct {
	Namespaces    map[string]*Namespace
	Tenants       map[string]*v1alpha1.Tenant
	Organizations map[string]*v1alpha1.Organization
	Settings      map[string]*v1alpha1.OrganizationSettings
	Tiers         map[string]*v1alpha1.Tier
	Models        map[string]*v1alpha1.Model
}

// Build makes a snapshot.
func Build(in Objects) *Snapshot {
	namespaces := make(map[string]*Namespace, len(in.Namespaces))
	for i := range in.Namespaces {
		namespaces[in.Namespaces[i].Name] = &in.Namespaces[i]
	}
	return Nothing(in.Prefix).After(Change{Namespaces: namespaces, Tenants: byName(in.Tenants), Organizations: byName(in.Organizations),
		Settings: byName(in.Settings), Tiers: byName(in.Tiers), Models: byName(in.Models)})
}

func byName[T metav1.Object](list []T) map[string]T {
	by := make(map[string]T, len(list))
	for _, o := range list {
		by[o.GetName()] = o
	}
	return by
}

// Nothing is a snapshot in which nobody is known. Prefix begins every tenant namespace's name.
func Nothing(prefix string) *Snapshot {
	return &Snapshot{prefix: prefix, modelFacts: modelFactsOf(nil)}
}

// After gives a snapshot in which the change has happened. It costs what follows from the change:
// of a tenant her own home, of an organization those of its tenants, of a tier or a model all.
// What is the same by UID and resourceVersion is no change.
func (s *Snapshot) After(c Change) *Snapshot {
	next := *s
	organizations := apply(&next.Organizations, c.Organizations)
	organizations = append(organizations, apply(&next.Settings, c.Settings)...)
	tiers := apply(&next.Tiers, c.Tiers)
	models := apply(&next.Models, c.Models)
	if len(models) > 0 {
		next.modelFacts = modelFactsOf(next.Models)
	}
	anew := next.moveIn(c.Tenants)
	if len(tiers)+len(models) > 0 {
		for name := range s.homes.all() {
			anew[name] = struct{}{}
		}
	}
	for _, organization := range organizations {
		for tenant := range next.byOrganization.names(organization) {
			anew[next.prefix+tenant] = struct{}{}
		}
	}
	next.makeHomes(c.Namespaces, anew)
	return &next
}

// moveIn takes over what became of tenants, and names the namespaces that this is about.
func (s *Snapshot) moveIn(changed map[string]*v1alpha1.Tenant) map[string]struct{} {
	anew := make(map[string]struct{}, len(changed))
	tenants, owners, organizations := s.tenants.edit(), s.byOwner.edit(), s.byOrganization.edit()
	for name, t := range changed {
		old, known := tenants.get(name)
		if t == nil && !known || t != nil && known && same(old, t) {
			continue
		}
		anew[s.prefix+name] = struct{}{}
		var before, after v1alpha1.TenantSpec
		if known {
			before = old.Spec
		}
		if t == nil {
			tenants.drop(name)
		} else {
			tenants.set(name, t)
			after = t.Spec
		}
		owners.move(name, before.Owner.User, after.Owner.User)
		organizations.move(name, before.Organization, after.Organization)
	}
	s.tenants, s.byOwner, s.byOrganization = tenants.done(), owners.done(), organizations.done()
	return anew
}

// makeHomes takes over what became of namespaces, and makes the homes anew that are named.
func (s *Snapshot) makeHomes(changed map[string]*Namespace, anew map[string]struct{}) {
	homes := s.homes.edit()
	for name, ns := range changed {
		h, known := homes.get(name)
		switch {
		case ns == nil:
			homes.drop(name)
			delete(anew, name)
		case !known || !ns.stands(h.Namespace):
			homes.set(name, s.Home(*ns))
			delete(anew, name)
		}
	}
	for name := range anew {
		if h, known := homes.get(name); known {
			homes.set(name, s.Home(h.Namespace))
		}
	}
	s.homes = homes.done()
}

// stands reports whether a namespace is the one of before, unchanged.
func (n Namespace) stands(before Namespace) bool {
	return n.ResourceVersion != "" && n.ResourceVersion == before.ResourceVersion && n.UID == before.UID
}

// apply makes a changed map of objects, and names those that changed.
func apply[T interface {
	comparable
	metav1.Object
}](in *map[string]T, changed map[string]T) []string {
	var names []string
	var gone T
	out := *in
	for name, o := range changed {
		old, known := out[name]
		if o == gone && !known || o != gone && known && same(old, o) {
			continue
		}
		if names == nil {
			out = maps.Clone(out)
			if out == nil {
				out = make(map[string]T, len(changed))
			}
		}
		if names = append(names, name); o == gone {
			delete(out, name)
			continue
		}
		out[name] = o
	}
	*in = out
	return names
}

// same reports whether two are one object, unchanged in between. What was never stored has no
// version, and is never the same.
func same[T metav1.Object](a, b T) bool {
	return b.GetResourceVersion() != "" && a.GetResourceVersion() == b.GetResourceVersion() && a.GetUID() == b.GetUID()
}
