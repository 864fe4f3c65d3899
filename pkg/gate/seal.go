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
		Email:         g.passportEmail(s.email),
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

// passportEmail is what a passport says of the author's verified address.
func (g *Gate) passportEmail(address string) string {
	if g.EmailAsHash {
		return passport.HashEmail(address)
	}
	return address
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
		if (w.Operation == review.Update && have == old && !w.significant()) || g.resealed(w, s, have) {
			return nil
		}
		return g.proveMint(w, s, have)
	default:
		good = have == old || have == seals{}
	}
	if good || g.resealed(w, s, have) {
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
	reason := mintedFor(keys, w, s, have)
	if reason == "" {
		return nil
	}
	v := w.deny("identity/passport-"+reason, fmt.Sprintf("the object carries no good passport of %s: %s", review.Quote(s.author), reason),
		"", "if this repeats, the mutating webhook is not in place: tell the platform's administrators")
	return &v
}

// mintedFor says what is wrong with a passport that must have been minted for this very
// write and standing, or "". A good one becomes the one that the write is judged under.
func mintedFor(keys *passport.Keyring, w *write, s *standing, have seals) string {
	if have.wire == "" {
		return "missing"
	}
	p, err := keys.Verify(have.wire, passport.AudienceAdmission, w.now)
	if err == nil {
		err = p.BoundTo(w.bound())
	}
	age := w.now.Sub(time.Unix(p.IssuedAt, 0))
	switch {
	case err != nil:
		return passport.Reason(err)
	case p.UserID != s.author:
		return "wrong-author"
	case p.CorrelationID != have.correlation:
		return "wrong-correlation"
	case age > freshness || age < -freshness:
		return "stale"
	case p.Namespace != w.Namespace || p.Role != s.role:
		return "wrong-standing"
	}
	s.passport = &p
	return ""
}

// resealed reports whether the platform asked mutating to seal the object for the
// namespace's tenant: the request itself is gone by now, the fresh passport is there.
func (g *Gate) resealed(w *write, s *standing, have seals) bool {
	keys := g.Keys()
	if w.caller.Class != tenant.ClassPlatform || w.home.Facts.Tenant == nil || keys == nil {
		return false
	}
	e := s.facts.Effective
	as := *s
	as.author, as.role = e.Owner, e.Role
	if mintedFor(keys, w, &as, have) != "" {
		return false
	}
	s.author, s.role, s.passport = as.author, as.role, as.passport
	return true
}
