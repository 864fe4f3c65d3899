package gate

import (
	"context"
	"errors"
	"fmt"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Where a controller owner was found.
const (
	OwnerCached = "cache"
	OwnerLive   = "live"
)

// inherit finds the owner, one hop up, matched by UID, kind, namespace and name, proves
// its passport and judges the write as its author.
//
// The cache is asked first. It lags behind by as much as facts may be old, so whatever
// it says against a write is no reason to deny: then the owner is read as it is now. For
// as long an owner's former bytes may still be inherited after somebody rewrote it; the
// rights of the author whom they name, suspension and the state of keys are judged from
// facts, as ever.
func (g *Gate) inherit(ctx context.Context, w *write, s *standing, ref facts.OwnerRef) *review.Verdict {
	if owner, ok := g.cachedOwner(w, ref); ok {
		trial := *s
		if stop := g.takeOwner(w, &trial, owner); stop == nil && trial.relation != tenant.RelationForeign {
			*s = trial
			g.lookedUp(OwnerCached)
			return nil
		}
	}
	g.lookedUp(OwnerLive)
	owner, err := g.Owners.Owner(ctx, ref.Kind, w.Namespace, ref.Name)
	switch {
	case errors.Is(err, facts.ErrNoOwner) || (err == nil && owner.UID != ref.UID):
		v := w.deny("identity/no-owner", fmt.Sprintf("the controller owner %s is not in this namespace", review.Quote(ref.Kind.Kind+" "+ref.Name)), "", "")
		return &v
	case errors.Is(err, facts.ErrOwnerKind):
		return w.unreadOwner(ref)
	case err != nil:
		return w.later("the controller owner could not be read")
	}
	stop := g.takeOwner(w, s, seals{
		wire: owner.Annotations[v1alpha1.AnnotationPassport], correlation: owner.Annotations[v1alpha1.AnnotationCorrelation],
	})
	if stop != nil && stop.Outcome == review.Denied && w.Operation == review.Update && !w.grows() {
		// Nothing is made and nothing raised, so nobody's right is asked for: a revoked
		// key must not keep a controller from scaling down. The old passport stays.
		s.relation, s.role, s.seal = tenant.RelationSystem, tenant.RoleSystem, sealKeep
		return nil
	}
	return stop
}

// cachedOwner gives the owner's seals where the cache settles what belongs on the object:
// it carries them already, or on UPDATE its own of before, or nothing yet and mutating is
// to say what. Two replicas do not
// see a rewrite at the same instant: what mutating put there by the owner's former seals
// still holds in validating.
func (g *Gate) cachedOwner(w *write, ref facts.OwnerRef) (seals, bool) {
	if g.OwnerCache == nil {
		return seals{}, false
	}
	cached, ok := g.OwnerCache.Cached(ref.Kind, w.Namespace, ref.Name)
	if !ok || cached.UID != ref.UID {
		return seals{}, false
	}
	have, owner := w.object.seals(), sealsOf(cached.Seals)
	switch {
	case have == owner || !w.storesSealed() || w.Operation == review.Update && have == w.old.seals():
		return owner, true
	case w.Phase == review.Mutating:
		return owner, w.Operation == review.Create && have == seals{}
	case cached.Former != nil && have == sealsOf(*cached.Former):
		return have, true
	}
	return seals{}, false
}

func (g *Gate) lookedUp(source string) {
	if g.OwnerLookup != nil {
		g.OwnerLookup(source)
	}
}

func sealsOf(s facts.Seals) seals { return seals{wire: s.Passport, correlation: s.Correlation} }
