package gate

import (
	"context"
	"fmt"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Judgement is what the policies say of an object as it is stored.
type Judgement struct {
	engine.Result
	// Rules are those that were asked.
	Rules []string
	// Author that the object's passport names, or the namespace's tenant for an object
	// that has no good one: then Sealed is false.
	Author string
	Sealed bool
	// Digest of the policies.
	Digest string
}

// Stored judges an object of a tenant namespace as if its author made it now. Nothing is
// reserved, so what the quota holds is not asked; r needs kind, resource, names and
// object. An error means that nothing was decided.
func (g *Gate) Stored(ctx context.Context, r review.Request) (Judgement, error) {
	r.Operation, r.Phase, r.Entry = review.Create, review.Validating, review.EntryTenant
	w := &write{Request: r, now: g.Now(), snapshot: g.Facts.Snapshot(), program: g.Program()}
	object := fmt.Sprintf("%s %s/%s", r.Resource.GroupResource(), r.Namespace, r.Name)
	home, ok := w.snapshot.HomeOf(r.Namespace)
	if !ok || home.Facts.Tenant == nil {
		return Judgement{}, fmt.Errorf("%s: its namespace has no tenant", object)
	}
	w.home = home
	w.trace.Tenant = home.Standing(nil).Effective.Tenant
	var err error
	if w.object, err = decode(r.Object); err != nil {
		return Judgement{}, fmt.Errorf("%s: %w", object, err)
	}
	s := &standing{relation: tenant.RelationForeign, role: tenant.RoleNone, facts: home.Standing(nil)}
	s.passport = g.provenance(w)
	if s.passport != nil {
		g.takeAuthor(w, s)
	} else {
		g.takeTenant(w, s)
	}
	s.authorTenant = w.snapshot.TenantOf(s.author)
	w.caller = tenant.Caller{Class: tenant.ClassHuman, Username: s.author, Groups: s.groups}
	if s.relation == tenant.RelationPlatform {
		w.caller.Class = tenant.ClassPlatform
	}
	w.Subject = review.Subject{Username: s.author, Groups: append([]string{tenant.GroupUsers}, s.groups...)}
	result, err := g.consult(ctx, w, s)
	if err != nil {
		return Judgement{}, fmt.Errorf("%s: %w", object, err)
	}
	return Judgement{Result: result, Rules: w.program.Asks(r.Kind.Group, r.Kind.Kind, string(r.Operation)),
		Author: s.author, Sealed: s.passport != nil, Digest: w.program.Digest()}, nil
}

// provenance is the passport that an object carries, if it is a good one of this
// namespace: what a controller made carries its owner's.
func (g *Gate) provenance(w *write) *passport.UserPassport {
	keys, wire := g.Keys(), w.object.seals().wire
	if keys == nil || wire == "" {
		return nil
	}
	p, err := keys.Verify(wire, passport.AudienceAdmission, w.now)
	if err != nil || p.Namespace != w.Namespace {
		return nil
	}
	return &p
}

// consult evaluates the policies that judge and takes out what the tenant is exempt
// from.
func (g *Gate) consult(ctx context.Context, w *write, s *standing) (engine.Result, error) {
	input, data := g.input(w, s), g.data(w)
	document, err := w.program.Eval(ctx, input, data)
	if err != nil {
		return engine.Result{}, fmt.Errorf("a policy could not be evaluated: %w", err)
	}
	result, err := engine.Decode(document)
	if err != nil {
		return engine.Result{}, fmt.Errorf("a policy gave a result of the wrong shape: %w", err)
	}
	w.exempt(s, &result)
	if g.Asked != nil {
		w.asked = &Asked{Input: input, Data: data, Result: result}
	}
	return result, nil
}
