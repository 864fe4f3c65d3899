package gate

import (
	"context"
	"fmt"

	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// outsideWrite decides writes to namespaces, and everything that a guest writes outside
// tenant namespaces. Only the platform may; nothing is ever changed here.
func (g *Gate) outsideWrite(ctx context.Context, w *write) review.Verdict {
	if w.caller.Class == tenant.ClassPlatform {
		w.trace.Relation, w.trace.Role = string(tenant.RelationPlatform), tenant.RolePlatform
		return w.allow()
	}
	if w.Phase == review.Mutating {
		// Validating has the last word, and its message.
		return w.allow()
	}
	s := &standing{relation: tenant.RelationOutside, role: tenant.RoleNone}
	switch w.caller.Class {
	case tenant.ClassHuman:
		s.author, s.groups = w.caller.Username, w.caller.Groups
	case tenant.ClassServiceAccount, tenant.ClassDeployer:
		if home, ok := w.snapshot.HomeOf(w.caller.Namespace); ok {
			s.author = home.Standing(nil).Effective.Owner
		}
	default:
		return w.deny("identity/unknown-caller",
			fmt.Sprintf("caller %s may not write %s", review.Quote(w.caller.Username), review.Quote(w.resource())),
			"tenants' namespaces are kept by the provisioner and by platform administrators", "")
	}
	s.authorTenant = w.snapshot.TenantOf(s.author)
	w.trace.Author, w.trace.Role, w.trace.Relation = s.author, s.role, string(s.relation)
	w.trace.Tenant = s.authorTenant
	v, _ := g.ask(ctx, w, s)
	if v.Outcome == review.Allowed {
		// The isolation rule is what denies here; were it off, nothing else would.
		return w.deny("identity/outside", fmt.Sprintf("%s is outside your namespace", review.Quote(w.resource())), "", "write in your own namespace")
	}
	return v
}
