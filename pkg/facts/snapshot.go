package facts

import (
	"context"
	"errors"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// ErrUnknown is returned for a namespace that the API server does not know, or knows as
// no tenant's.
var ErrUnknown = errors.New("no tenant namespace of this name")

// Source is where a decision gets its facts.
type Source interface {
	// Snapshot is the newest one; it never blocks and is never nil once facts synced.
	Snapshot() *Snapshot
	// Age is how long ago the facts were known to be current.
	Age(now time.Time) time.Duration
	// Live reads one namespace past the cache; ErrUnknown when it is no tenant's.
	Live(ctx context.Context, namespace string) (*Home, error)
}

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

// Objects are the inputs of a snapshot.
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

// Snapshot is an immutable picture of all tenants.
type Snapshot struct {
	Homes         map[string]*Home
	Organizations map[string]*v1alpha1.Organization
	Settings      map[string]*v1alpha1.OrganizationSettings
	Tiers         map[string]*v1alpha1.Tier
	Models        map[string]*v1alpha1.Model
	Tenants       map[string]*v1alpha1.Tenant

	prefix     string
	byOwner    map[string]string
	modelFacts modelFacts
}

// Build makes a snapshot.
func Build(in Objects) *Snapshot { return (&Snapshot{}).Next(in) }

// Next makes a snapshot of newer objects. What follows from objects whose resourceVersion is
// the one of before is taken over: among ten thousand tenants a change of one costs what one
// costs.
func (s *Snapshot) Next(in Objects) *Snapshot {
	next := &Snapshot{
		Homes:   make(map[string]*Home, len(in.Namespaces)),
		prefix:  in.Prefix,
		byOwner: make(map[string]string, len(in.Tenants)),
	}
	next.Tenants, _ = kept(s.Tenants, in.Tenants)
	next.Organizations, _ = kept(s.Organizations, in.Organizations)
	next.Settings, _ = kept(s.Settings, in.Settings)
	var sameTiers, sameModels bool
	next.Tiers, sameTiers = kept(s.Tiers, in.Tiers)
	next.Models, sameModels = kept(s.Models, in.Models)
	next.modelFacts = s.modelFacts
	if !sameModels {
		next.modelFacts = modelFactsOf(next.Models)
	}
	for name, t := range next.Tenants {
		// Two tenants of one owner: the smaller name, so that every replica agrees.
		if have, taken := next.byOwner[t.Spec.Owner.User]; !taken || name < have {
			next.byOwner[t.Spec.Owner.User] = name
		}
	}
	for _, ns := range in.Namespaces {
		if h, known := s.Homes[ns.Name]; known && sameTiers && sameModels && s.prefix == in.Prefix && next.standsAs(h, ns) {
			next.Homes[ns.Name] = h
			continue
		}
		next.Homes[ns.Name] = next.Home(ns)
	}
	return next
}

// standsAs reports whether everything that a home follows from, but for tiers and models, is
// still what it was made of.
func (s *Snapshot) standsAs(h *Home, ns Namespace) bool {
	if ns.ResourceVersion == "" || ns.ResourceVersion != h.Namespace.ResourceVersion || ns.UID != h.Namespace.UID {
		return false
	}
	t := s.tenantOf(ns)
	return t == h.Facts.Tenant &&
		(t == nil || s.Organizations[t.Spec.Organization] == h.Facts.Organization && s.Settings[t.Spec.Organization] == h.Facts.Settings)
}

// tenantOf is the tenant that a namespace was created for, nil for none: label, name and
// recorded UID must agree, so that a Tenant made anew under an old name inherits nothing.
func (s *Snapshot) tenantOf(ns Namespace) *v1alpha1.Tenant {
	name := ns.Labels[v1alpha1.LabelTenant]
	if t, ok := s.Tenants[name]; ok && ns.Name == s.prefix+name && ns.Annotations[v1alpha1.AnnotationTenantUID] == string(t.UID) {
		return t
	}
	return nil
}

// TenantOf gives the name of the tenant that a user owns, or "".
func (s *Snapshot) TenantOf(username string) string { return s.byOwner[username] }

// Suspended reports whether a tenant, or its organization, is suspended.
func (s *Snapshot) Suspended(tenant string) bool {
	t, ok := s.Tenants[tenant]
	if !ok {
		return false
	}
	o, ok := s.Organizations[t.Spec.Organization]
	return t.Spec.Suspended || ok && o.Spec.Suspended
}

// TenantsOf lists the names of an organization's tenants.
func (s *Snapshot) TenantsOf(organization string) []string {
	var names []string
	for name, t := range s.Tenants {
		if t.Spec.Organization == organization {
			names = append(names, name)
		}
	}
	return names
}

// Home joins a namespace with its tenant.
func (s *Snapshot) Home(ns Namespace) *Home {
	h := &Home{Namespace: ns, models: s.modelFacts}
	if t := s.tenantOf(ns); t != nil {
		h.Facts = tenant.Facts{
			Tenant:       t,
			Organization: s.Organizations[t.Spec.Organization],
			Settings:     s.Settings[t.Spec.Organization],
			Tiers:        s.Tiers,
			Models:       s.Models,
		}
	}
	h.groups = tenant.NamedGroups(h.Facts.Organization, h.Facts.Settings)
	h.base = h.standing(nil)
	return h
}

// stored is a kind of object that facts follow from.
type stored[T any] interface {
	metav1.Object
	DeepCopy() T
}

// kept gives objects by name, those of before where they are the same by UID and
// resourceVersion; same says that all are, and none is missing. What is new is copied: an
// object of a list that is kept on would keep the whole list.
func kept[T stored[T]](before map[string]T, list []T) (by map[string]T, same bool) {
	by = make(map[string]T, len(list))
	same = before != nil && len(before) == len(list)
	for _, o := range list {
		old, known := before[o.GetName()]
		if known && o.GetResourceVersion() != "" && old.GetResourceVersion() == o.GetResourceVersion() && old.GetUID() == o.GetUID() {
			by[o.GetName()] = old
			continue
		}
		by[o.GetName()], same = o.DeepCopy(), false
	}
	return by, same
}

// Home is a tenant namespace with everything that is in force in it.
type Home struct {
	Namespace Namespace
	Facts     tenant.Facts

	groups []string
	base   *Standing
	models modelFacts
}

// Standing is what is in force, in plain types and in the engine's form.
type Standing struct {
	Effective tenant.Effective
	// The parts of the Rego input that follow from facts alone.
	Tenant, Organization, Tier, Limits, Models, Namespace ast.Value
}

// NamedGroups are the groups that the tenant's organization names.
func (h *Home) NamedGroups() []string { return h.groups }

// Standing gives what is in force when the owner carries these groups; it is
// precomputed for the common case that no named group is among them.
func (h *Home) Standing(ownerGroups []string) *Standing {
	var known []string
	for _, g := range ownerGroups {
		for _, n := range h.groups {
			if g == n {
				known = append(known, g)
			}
		}
	}
	if len(known) == 0 {
		return h.base
	}
	return h.standing(known)
}

// With gives a snapshot that knows one more tenant; the receiver stays as it is.
func (s *Snapshot) With(t *v1alpha1.Tenant) *Snapshot {
	next := *s
	next.Tenants = make(map[string]*v1alpha1.Tenant, len(s.Tenants)+1)
	for name, have := range s.Tenants {
		next.Tenants[name] = have
	}
	next.Tenants[t.Name] = t
	return &next
}
