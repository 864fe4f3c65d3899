package facts

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/tenant"
)

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

// Home joins a namespace with its tenant.
func (s *Snapshot) Home(ns Namespace) *Home {
	h := &Home{Namespace: ns, models: s.modelFacts}
	if t, ok := s.tenantOf(ns); ok {
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

// NamedGroups are the groups that the tenant's organization names.
func (h *Home) NamedGroups() []string { return h.groups }

// Standing gives what is in force when the owner carries these groups; it is
// precomputed for the common case that no named group is among them.
func (h *Home) Standing(ownerGroups []string) *Standing {
	var known []string
	for _, g := range ownerGroups {
		if slices.Contains(h.groups, g) {
			known = append(known, g)
		}
	}
	if len(known) == 0 {
		return h.base
	}
	return h.standing(known)
}
