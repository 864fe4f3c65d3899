package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// standController: a controller may do exactly what its rows say, on behalf of whoever
// owns the object.
func (g *Gate) standController(ctx context.Context, w *write, s *standing) *review.Verdict {
	rows := g.Callers.Controllers.Find(w.caller.Username, w.Request, w.name())
	if len(rows) == 0 {
		v := w.deny("identity/controller-not-registered",
			fmt.Sprintf("controller %s is not registered for %s of %s", review.Quote(w.caller.Username), w.Operation, review.Quote(w.resource())),
			"", "a platform administrator can register it under controllers.extra in the configuration")
		return &v
	}
	row, stop := chooseRow(w, rows)
	if stop != nil {
		return stop
	}
	switch row.Mode {
	case tenant.ModeInherit:
		return g.standInherit(ctx, w, s)
	case tenant.ModeSystem:
		s.relation, s.role, s.seal = tenant.RelationSystem, tenant.RoleSystem, sealKeep
		if w.Operation == review.Create {
			s.seal = sealNone
		}
	default:
		s.relation, s.role, s.seal = tenant.RelationSystem, tenant.RoleSystem, sealKeep
		if w.Operation == review.Update && w.scalesUp() {
			// What raises a demand is judged as the tenant's: an autoscaler speaks for
			// her.
			g.takeTenant(w, s)
		}
	}
	return nil
}

// chooseRow takes the first row whose fields cover what an UPDATE changes. What is created
// and has a controller owner is its author's if any row says so: under the account that all
// controllers may share, a Pod's own claim looks like a StatefulSet's.
func chooseRow(w *write, rows []tenant.ControllerRule) (tenant.ControllerRule, *review.Verdict) {
	_, owned := w.object.controller()
	if w.Operation != review.Update {
		for _, row := range rows {
			if (row.Mode == tenant.ModeInherit) == owned {
				return row, nil
			}
		}
		return rows[0], nil
	}
	changed := w.changed()
	for _, row := range rows {
		if !slices.ContainsFunc(changed, func(p string) bool { return !below(p, row.Fields) }) {
			if row.Mode == tenant.ModeInherit && !owned {
				row.Mode = tenant.ModeMaintain
			}
			return row, nil
		}
	}
	v := w.deny("identity/controller-fields",
		fmt.Sprintf("controller %s may not change %s of %s", review.Quote(w.caller.Username), review.Quote(strings.Join(changed, ", ")), review.Quote(w.resource())),
		"allowed fields: "+review.Quote(strings.Join(rows[0].Fields, ", ")), "")
	return tenant.ControllerRule{}, &v
}

// standInherit finds the controller owner and takes over its author.
func (g *Gate) standInherit(ctx context.Context, w *write, s *standing) *review.Verdict {
	ref, ok := w.object.controller()
	if !ok {
		v := w.deny("identity/no-owner", "a controller's object needs exactly one controller owner", "", "")
		return &v
	}
	return g.inherit(ctx, w, s, ref)
}

// takeOwner takes over the author whom the owner's passport names; an unsealed owner
// acts as the namespace's tenant.
func (g *Gate) takeOwner(w *write, s *standing, owner seals) *review.Verdict {
	s.seal, s.ownerWire, s.ownerCorrelation = sealInherit, owner.wire, owner.correlation
	if s.ownerWire == "" {
		s.unsealedOwner = true
		g.takeTenant(w, s)
		return nil
	}
	p, stop := g.prove(w, s.ownerWire)
	if stop != nil {
		return stop
	}
	s.passport = &p
	g.takeAuthor(w, s)
	return nil
}

// prove verifies a stored passport of this namespace. It is what an owner carries, so
// it may be bound to an object further up.
func (g *Gate) prove(w *write, wire string) (passport.UserPassport, *review.Verdict) {
	keys := g.Keys()
	if keys == nil {
		return passport.UserPassport{}, w.later("no passport key is loaded")
	}
	p, err := keys.Verify(wire, passport.AudienceAdmission, w.now)
	if err == nil && p.Namespace != w.Namespace {
		err = passport.ErrWrongObject
	}
	if err != nil {
		v := w.deny("identity/passport-"+passport.Reason(err), "the passport that this write would inherit is not good: "+passport.Reason(err),
			"", "write the owner again, or ask a platform administrator to seal it")
		return p, &v
	}
	return p, nil
}

// resource names what is written, as people say it.
func (w *write) resource() string {
	name := w.Resource.GroupResource()
	if w.SubResource != "" {
		name += "/" + w.SubResource
	}
	return name
}
