package gate

import (
	"context"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// tenantWrite decides a write into a tenant namespace:
//
//  1. whose namespace is it; 2. on whose behalf does the write come; 3. is the tenant
//     in a state to be written to; 4. mutating: set what belongs on the object;
//  5. validating: prove it, ask the policies, reserve what they demand.
func (g *Gate) tenantWrite(ctx context.Context, w *write) review.Verdict {
	if stop := g.findHome(ctx, w); stop != nil {
		return *stop
	}
	if w.stale() {
		return w.allow()
	}
	s, stop := g.stand(ctx, w)
	if stop != nil {
		return *stop
	}
	if stop := w.standingOf(s); stop != nil {
		return *stop
	}
	if w.Phase == review.Mutating {
		return g.mutate(ctx, w, s)
	}
	return g.validate(ctx, w, s)
}

// findHome finds the namespace's tenant, past the cache when the cache does not know
// the namespace yet.
func (g *Gate) findHome(ctx context.Context, w *write) *review.Verdict {
	home, ok := w.snapshot.HomeOf(w.Namespace)
	if !ok || home.Facts.Tenant == nil {
		fresh, err := g.Facts.Live(ctx, w.Namespace)
		switch {
		case err == nil:
			home = fresh
		case ok && errors.Is(err, facts.ErrUnknown):
			// The namespace is on its way out; what the cache knows decides.
		case errors.Is(err, facts.ErrUnknown):
			return w.later("this tenant namespace is not known yet")
		default:
			return w.later("the namespace could not be read")
		}
	}
	w.home = home
	e := home.Standing(nil).Effective
	w.trace.Tenant, w.trace.Organization, w.trace.Tier = e.Tenant, e.Organization, e.Tier
	w.trace.Correlation = w.subject().annotation(v1alpha1.AnnotationCorrelation)
	if len(w.trace.Correlation) > 64 || w.Operation == review.Create {
		w.trace.Correlation = ""
	}
	return nil
}

// standingOf denies what a missing tenant or a suspension denies: create, connect,
// scale-up and changes of a spec, never delete, status, scale-down or finalizers.
func (w *write) standingOf(s *standing) *review.Verdict {
	if s.relation == tenant.RelationPlatform || s.relation == tenant.RelationSystem || !w.grows() {
		return nil
	}
	e := s.facts.Effective
	var v review.Verdict
	switch {
	case s.relation == tenant.RelationForeign && e.Missing != tenant.MissingTenant:
		return nil // the isolation rule says it better
	case e.Missing == tenant.MissingTenant:
		v = w.deny("identity/no-tenant", "namespace "+review.Quote(w.Namespace)+" has no tenant",
			"deletions, status and scale-down go on", "ask a platform administrator")
	case e.Missing == tenant.MissingOrganization:
		v = w.deny("identity/no-organization", "organization "+review.Quote(e.Organization)+" of this tenant does not exist",
			"deletions, status and scale-down go on", "ask a platform administrator")
	case e.Missing == tenant.MissingTier:
		v = w.deny("identity/no-tier", "tier "+review.Quote(e.Tier)+" of this tenant does not exist",
			"deletions, status and scale-down go on", "ask a platform administrator")
	case e.Missing != "":
		v = w.deny("identity/tier-not-granted", "organization "+review.Quote(e.Organization)+" was not given tier "+review.Quote(e.Tier),
			"deletions, status and scale-down go on", "ask a platform administrator")
	case e.Suspended:
		v = w.suspended(e.Tenant)
	case w.snapshot.Suspended(s.authorTenant):
		v = w.suspended(s.authorTenant)
	default:
		return nil
	}
	return &v
}

// suspended denies for a tenant: the namespace's, or the author's own.
func (w *write) suspended(name string) review.Verdict {
	return w.deny("identity/suspended", "tenant "+review.Quote(name)+" is suspended",
		"deletions, status and scale-down go on", "ask a platform administrator")
}

// shrinking are the subresources whose CREATE takes something away or moves nothing.
var shrinking = map[string]bool{"eviction": true}

// grows reports whether the write creates, connects, scales up or changes a spec.
func (w *write) grows() bool {
	switch w.Operation {
	case review.Create:
		return !shrinking[w.SubResource]
	case review.Connect:
		return true
	case review.Update:
		if w.SubResource == "status" {
			return false
		}
		for _, p := range w.changed() {
			if below(p, []string{"/status", "/metadata/finalizers", "/metadata/ownerReferences", "/metadata/labels", "/metadata/annotations"}) {
				continue
			}
			if p == "/spec/replicas" && !w.scalesUp() || p == "/spec/stopped" && w.isSession() && w.object.at("spec", "stopped") == ast.Boolean(true) {
				continue
			}
			return true
		}
		return false
	}
	return false
}
