package gate

import (
	"fmt"
	"slices"
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// freshness is how old a passport may be that mutating minted for this very write: a
// request's own longest life, and as much again for clocks that differ.
const freshness = 2 * time.Minute

// seals are the two annotations of an object.
type seals struct{ wire, correlation string }

func (o object) seals() seals {
	return seals{wire: o.annotation(v1alpha1.AnnotationPassport), correlation: o.annotation(v1alpha1.AnnotationCorrelation)}
}

// wanted says which annotations mutating writes, minting where that is due.
func (g *Gate) wanted(w *write, s *standing) (seals, *review.Verdict) {
	old := w.old.seals()
	switch s.seal {
	case sealKeep:
		return old, nil
	case sealInherit:
		owner := seals{wire: s.ownerWire, correlation: s.ownerCorrelation}
		if w.Operation == review.Create || w.object.seals() == owner {
			return owner, nil
		}
		return old, nil
	case sealMint:
		if s.relation == tenant.RelationForeign || s.author == "" {
			return old, nil
		}
		if w.Operation == review.Create || s.reseal || w.significant() {
			return g.mint(w, s)
		}
		return old, nil
	}
	if w.Operation == review.Update {
		return old, nil
	}
	return seals{}, nil
}

// mint signs a passport of the author, bound to the object.
func (g *Gate) mint(w *write, s *standing) (seals, *review.Verdict) {
	keys := g.Keys()
	if keys == nil {
		return seals{}, w.later("no passport key is loaded")
	}
	e := s.facts.Effective
	p := passport.UserPassport{
		Audience:      passport.AudienceAdmission,
		UserID:        s.author,
		Email:         s.email,
		Groups:        g.passportGroups(w, s),
		Permissions:   []string{s.role},
		Role:          s.role,
		Organization:  e.Organization,
		Tier:          e.Tier,
		Namespace:     w.Namespace,
		CorrelationID: g.NewID(),
		Object:        w.bound(),
		IssuedAt:      w.now.Unix(),
	}
	wire, err := keys.Sign(p)
	if err != nil {
		if passport.Reason(err) == passport.Reason(passport.ErrNoKey) {
			return seals{}, w.later("no passport key is active")
		}
		v := w.deny("identity/passport-"+passport.Reason(err), "no passport can be made for this object: "+passport.Reason(err), "", "use shorter names")
		return seals{}, &v
	}
	return seals{wire: wire, correlation: p.CorrelationID}, nil
}

// passportGroups are the author's groups that the configuration or the organization
// names, at most as many as a passport holds.
func (g *Gate) passportGroups(w *write, s *standing) []string {
	var out []string
	named := slices.Concat(g.PassportGroups, w.home.NamedGroups())
	for _, group := range s.groups {
		if slices.Contains(named, group) && !slices.Contains(out, group) && len(out) < passport.MaxGroups {
			out = append(out, group)
		}
	}
	return out
}

// proveSeals checks in validating that the annotations are what they must be, trusting
// nothing that mutating did.
func (g *Gate) proveSeals(w *write, s *standing) *review.Verdict {
	have, old := w.object.seals(), w.old.seals()
	owner := seals{wire: s.ownerWire, correlation: s.ownerCorrelation}
	good := false
	switch s.seal {
	case sealKeep:
		good = have == old
	case sealInherit:
		good = have == owner || (w.Operation == review.Update && have == old)
	case sealMint:
		if w.Operation == review.Update && have == old && !s.reseal && !w.significant() {
			good = true
			break
		}
		return g.proveMint(w, s, have)
	default:
		good = have == old || have == seals{}
	}
	if good {
		return nil
	}
	v := w.deny("identity/passport-changed", "the passport on this object is not the one that belongs there",
		"", "leave the annotations "+v1alpha1.AnnotationPassport+" and "+v1alpha1.AnnotationCorrelation+" alone")
	return &v
}

// proveMint checks a passport that mutating minted for this write.
func (g *Gate) proveMint(w *write, s *standing, have seals) *review.Verdict {
	keys := g.Keys()
	if keys == nil {
		return w.later("no passport key is loaded")
	}
	p, err := keys.Verify(have.wire, passport.AudienceAdmission, w.now)
	if err == nil {
		err = p.BoundTo(w.bound())
	}
	reason := ""
	age := w.now.Sub(time.Unix(p.IssuedAt, 0))
	switch {
	case err != nil:
		reason = passport.Reason(err)
	case p.UserID != s.author:
		reason = "wrong-author"
	case p.CorrelationID != have.correlation:
		reason = "wrong-correlation"
	case age > freshness || age < -freshness:
		reason = "stale"
	case p.Namespace != w.Namespace || p.Role != s.role:
		reason = "wrong-standing"
	}
	if reason == "" {
		s.passport = &p
		w.trace.KeyID = p.KeyID
		return nil
	}
	if have.wire == "" {
		reason = "missing"
	}
	v := w.deny("identity/passport-"+reason, fmt.Sprintf("the object carries no good passport of %s: %s", review.Quote(s.author), reason),
		"", "if this repeats, the mutating webhook is not in place: tell the platform's administrators")
	return &v
}
