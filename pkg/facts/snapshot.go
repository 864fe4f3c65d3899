package facts

import (
	"iter"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Namespace is what a decision needs of a Namespace object.
type Namespace struct {
	Name string
	UID  types.UID
	// ResourceVersion tells apart what was read at different times; empty where nothing
	// does.
	ResourceVersion string
	Labels          map[string]string
	Annotations     map[string]string
}

// Snapshot is an immutable picture of all tenants. The objects in it are shared: nobody changes
// them.
type Snapshot struct {
	Organizations map[string]*v1alpha1.Organization
	Settings      map[string]*v1alpha1.OrganizationSettings
	Tiers         map[string]*v1alpha1.Tier
	Models        map[string]*v1alpha1.Model

	prefix         string
	homes          table[*Home]
	tenants        table[*v1alpha1.Tenant]
	byOwner        groups
	byOrganization groups
	modelFacts     modelFacts
}

// HomeOf gives what is known of a tenant namespace.
func (s *Snapshot) HomeOf(namespace string) (*Home, bool) { return s.homes.get(namespace) }

// Homes goes through all tenant namespaces by name.
func (s *Snapshot) Homes() iter.Seq2[string, *Home] { return s.homes.all() }

// Tenant gives a tenant by name.
func (s *Snapshot) Tenant(name string) (*v1alpha1.Tenant, bool) { return s.tenants.get(name) }

// Tenants goes through all tenants by name.
func (s *Snapshot) Tenants() iter.Seq2[string, *v1alpha1.Tenant] { return s.tenants.all() }

// Population is how many tenants there are.
func (s *Snapshot) Population() int { return s.tenants.len() }

// tenantOf is the tenant that a namespace was created for: label, name and recorded UID must
// agree, so that a Tenant made anew under an old name inherits nothing.
func (s *Snapshot) tenantOf(ns Namespace) (*v1alpha1.Tenant, bool) {
	name := ns.Labels[v1alpha1.LabelTenant]
	t, ok := s.tenants.get(name)
	if !ok || ns.Name != s.prefix+name || ns.Annotations[v1alpha1.AnnotationTenantUID] != string(t.UID) {
		return nil, false
	}
	return t, true
}

// TenantOf gives the name of the tenant that a user owns, or "". Of two it is the smaller name,
// so that every replica agrees.
func (s *Snapshot) TenantOf(username string) string {
	for name := range s.byOwner.names(username) {
		return name
	}
	return ""
}

// Suspended reports whether a tenant, or its organization, is suspended.
func (s *Snapshot) Suspended(tenant string) bool {
	t, ok := s.tenants.get(tenant)
	if !ok {
		return false
	}
	o, ok := s.Organizations[t.Spec.Organization]
	return t.Spec.Suspended || ok && o.Spec.Suspended
}

// TenantsOf lists the names of an organization's tenants.
func (s *Snapshot) TenantsOf(organization string) []string {
	return slices.Collect(s.byOrganization.names(organization))
}

// With gives a snapshot that knows one more tenant; the receiver stays as it is.
func (s *Snapshot) With(t *v1alpha1.Tenant) *Snapshot {
	return s.After(Change{Tenants: map[string]*v1alpha1.Tenant{t.Name: t}})
}
