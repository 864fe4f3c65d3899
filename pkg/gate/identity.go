package gate

import (
	"context"
	"fmt"
	"strings"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// platformAuthor is how a passport names the platform's own writes.
const platformAuthor = "platform:"

// ruleUnsealed is what a decision names that a controller made for an unsealed owner.
const ruleUnsealed = "identity/unsealed"

// Extra keys that the API server's claim mappings fill in.
const extraEmail = "gatehouse.dev/email"

// stand says on whose behalf a write into a tenant namespace comes. A verdict in the
// second place ends the decision.
func (g *Gate) stand(ctx context.Context, w *write) (*standing, *review.Verdict) {
	s := &standing{relation: tenant.RelationForeign, role: tenant.RoleNone, facts: w.home.Standing(nil)}
	switch w.caller.Class {
	case tenant.ClassHuman:
		g.standHuman(w, s)
	case tenant.ClassServiceAccount, tenant.ClassDeployer:
		g.standAccount(w, s)
	case tenant.ClassPlatform:
		if stop := g.standPlatform(ctx, w, s); stop != nil {
			return nil, stop
		}
	case tenant.ClassController:
		if stop := g.standController(ctx, w, s); stop != nil {
			return nil, stop
		}
	case tenant.ClassNode:
		v := w.deny("identity/node", fmt.Sprintf("node %s may not do this in a tenant's namespace", review.Quote(w.caller.Username)),
			"a node reports the status of its pods and ends them", "")
		return nil, &v
	default:
		v := w.deny("identity/unknown-caller", fmt.Sprintf("caller %s is of no class that may write in a tenant's namespace", review.Quote(w.caller.Username)),
			"people of a trusted issuer, accounts of this namespace, and the controllers that the platform registered",
			g.introduce(w))
		return nil, &v
	}
	if !w.storesSealed() {
		s.seal = sealNone
	}
	s.authorTenant = w.snapshot.TenantOf(s.author)
	w.trace.Author, w.trace.Role, w.trace.Relation = s.author, s.role, string(s.relation)
	if s.unsealedOwner {
		// The live report of what "gatehouse seal" finds at rest.
		w.trace.Audited = append(w.trace.Audited, ruleUnsealed)
	}
	return s, nil
}

// introduce says how an unknown caller comes to be known. A GitOps tool's own account is
// never registered: it would write for everybody with one right.
func (g *Gate) introduce(w *write) string {
	if strings.HasPrefix(w.caller.Username, "system:serviceaccount:") {
		return fmt.Sprintf("a GitOps tool impersonates the tenant's account %s (Argo CD: destinationServiceAccounts of the AppProject); "+
			"an operator is registered by a platform administrator under controllers.extra in the configuration",
			review.Quote("system:serviceaccount:"+w.Namespace+":"+tenant.DeployerAccount))
	}
	return "a platform administrator can register the account under controllers.extra in the configuration"
}

// standHuman: a person speaks for herself, with the groups that she carries now.
func (g *Gate) standHuman(w *write, s *standing) {
	s.author, s.groups = w.caller.Username, w.caller.Groups
	s.email = first(w.Subject.Extra[extraEmail])
	s.seal = sealMint
	g.relate(w, s)
}

// standAccount: an account of a tenant namespace is that tenant, in its own namespace
// and nowhere else.
func (g *Gate) standAccount(w *write, s *standing) {
	s.seal = sealMint
	own, ok := w.snapshot.HomeOf(w.caller.Namespace)
	if w.caller.Namespace == w.Namespace {
		own, ok = w.home, true
	}
	if !ok || own.Facts.Tenant == nil {
		return
	}
	s.author = own.Facts.Tenant.Spec.Owner.User
	if w.caller.Namespace != w.Namespace {
		return
	}
	g.relate(w, s)
	if w.caller.Class == tenant.ClassDeployer {
		s.role = tenant.RoleDeployer
	}
}

// relate judges the author's rights as they are now.
func (g *Gate) relate(w *write, s *standing) {
	f := w.home.Facts
	base := w.home.Standing(nil).Effective
	if s.author == base.Owner {
		s.facts = w.home.Standing(s.groups)
	}
	s.relation, s.role = tenant.Relate(f, s.facts.Effective, s.author, s.groups)
}

// standPlatform: what the platform creates without a controller owner is its own, with
// one it inherits, and what it updates keeps its passport.
func (g *Gate) standPlatform(ctx context.Context, w *write, s *standing) *review.Verdict {
	s.author = platformAuthor + strings.TrimPrefix(w.caller.Username, platformAuthor)
	s.relation, s.role = tenant.RelationPlatform, tenant.RolePlatform
	if w.object.annotation(v1alpha1.AnnotationSeal) == "tenant" && w.home.Facts.Tenant != nil {
		e := s.facts.Effective
		s.author, s.role = e.Owner, e.Role
		s.seal, s.reseal = sealMint, true
		return nil
	}
	switch w.Operation {
	case review.Create:
		s.seal = sealMint
		if ref, ok := w.object.controller(); ok && w.storesSealed() {
			return g.inherit(ctx, w, s, ref)
		}
	case review.Update:
		s.seal = sealKeep
	}
	return nil
}

// takeAuthor judges a write as the author that a proved passport names: a former owner
// counts as the present one, and rights are those of now.
func (g *Gate) takeAuthor(w *write, s *standing) {
	p := s.passport
	if strings.HasPrefix(p.UserID, platformAuthor) {
		s.author, s.relation, s.role = p.UserID, tenant.RelationPlatform, tenant.RolePlatform
		return
	}
	s.author, s.groups, s.email = tenant.PresentOwner(w.home.Facts.Tenant, p.UserID), p.Groups, p.Email
	g.relate(w, s)
	if s.relation == tenant.RelationOwner && p.Role == tenant.RoleDeployer {
		s.role = tenant.RoleDeployer
	}
}

// takeTenant judges a write as the namespace's tenant: unsealed owners.
func (g *Gate) takeTenant(w *write, s *standing) {
	if t := w.home.Facts.Tenant; t != nil {
		s.author = t.Spec.Owner.User
		g.relate(w, s)
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
