package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// platformWrite decides writes to our own cluster-scoped kinds: the platform's, but for
// a person's own Tenant at onboarding and an organization's settings by its admins.
func (g *Gate) platformWrite(ctx context.Context, w *write) review.Verdict {
	switch {
	case w.caller.Class == tenant.ClassPlatform:
		w.trace.Relation, w.trace.Role = string(tenant.RelationPlatform), tenant.RolePlatform
		return g.platformOwn(ctx, w)
	case w.caller.Class == tenant.ClassHuman && w.resource() == "tenants.gatehouse.dev" && w.Operation == review.Create:
		return g.onboard(w)
	case w.caller.Class == tenant.ClassHuman && w.resource() == "organizationsettings.gatehouse.dev" && w.Operation == review.Update:
		return g.settings(w)
	}
	return w.deny("identity/platform-object", fmt.Sprintf("%s belong to the platform", review.Quote(w.resource())),
		"people create their own Tenant once; an organization's admins update its OrganizationSettings", "ask a platform administrator")
}

// platformOwn allows, with a warning where a tenant's name is not its owner's id.
func (g *Gate) platformOwn(ctx context.Context, w *write) review.Verdict {
	if w.resource() == "policies.gatehouse.dev" && w.SubResource == "" && w.object.present() && w.Phase == review.Validating {
		return g.policy(ctx, w)
	}
	if w.gatekeepers() {
		return g.constraint(ctx, w)
	}
	v := w.allow()
	if w.resource() != "tenants.gatehouse.dev" || w.Operation != review.Create || w.Phase != review.Validating {
		return v
	}
	owner := w.object.text("spec", "owner", "user")
	if id := tenant.ID(owner, g.PrimaryAlias); id != w.name() {
		v.Warnings = append(v.Warnings, fmt.Sprintf("the id of %s is %s, this tenant is named %s", review.Quote(owner), review.Quote(id), review.Quote(w.name())))
	}
	if have := w.snapshot.TenantOf(owner); have != "" && have != w.name() {
		return w.deny("identity/second-tenant", fmt.Sprintf("%s already owns tenant %s", review.Quote(owner), review.Quote(have)), "one tenant an owner", "transfer or delete the other one first")
	}
	return v
}

// onboard decides a person's own Tenant: mutating fills in what the platform decides,
// validating proves that it stands.
func (g *Gate) onboard(w *write) review.Verdict {
	me := w.caller.Username
	id := tenant.ID(me, g.PrimaryAlias)
	w.trace.Author, w.trace.Relation, w.trace.Tenant = me, string(tenant.RelationOwner), id
	if name := w.name(); name != id || w.object.text("metadata", "generateName") != "" {
		return w.deny("identity/tenant-name", fmt.Sprintf("tenant %s is not yours to create", review.Quote(name)),
			fmt.Sprintf("your tenant is named %s", review.Quote(id)), "set metadata.name to "+review.Quote(id))
	}
	placed, refusal := g.Onboarding.Admit(tenant.Applicant{Username: me, Groups: w.caller.Groups, Email: first(w.Subject.Extra[extraEmail])},
		w.snapshot.Organizations, w.snapshot.Tiers, w.snapshot.Population())
	if have, exists := w.snapshot.Tenant(id); exists {
		// The API server answers AlreadyExists; what she has stays as it is.
		placed, refusal = tenant.Placed{Organization: have.Spec.Organization, Tier: have.Spec.Tier}, nil
	}
	if refusal != nil {
		return w.deny("identity/"+refusal.Reason, refusal.Problem, refusal.Allowed, refusal.Next)
	}
	w.trace.Organization, w.trace.Tier = placed.Organization, placed.Tier
	fields := []struct{ name, have, want string }{
		{"owner.user", w.object.text("spec", "owner", "user"), me},
		{"organization", w.object.text("spec", "organization"), placed.Organization},
		{"tier", w.object.text("spec", "tier"), placed.Tier},
	}
	for _, f := range fields {
		if f.have != f.want && (f.have != "" || w.Phase == review.Validating) {
			return w.deny("identity/tenant-"+strings.ReplaceAll(f.name, ".", "-"), fmt.Sprintf("spec.%s is %s", f.name, review.Quote(f.have)),
				fmt.Sprintf("for you it is %s", review.Quote(f.want)), "leave spec out: the platform fills it in")
		}
	}
	if w.Phase == review.Validating {
		return g.onboarded(w)
	}
	return w.fill(placed)
}

// onboarded refuses what else a person may not decide about her own tenant.
func (g *Gate) onboarded(w *write) review.Verdict {
	for _, p := range changes(nil, w.object.at("spec")) {
		if !below(p, []string{"/owner/user", "/organization", "/tier"}) && !strings.HasPrefix(p, "/suspended") {
			return w.deny("identity/tenant-spec", fmt.Sprintf("spec%s is the platform's to set", p), "", "leave spec out: the platform fills it in")
		}
	}
	return w.allow()
}

// fill sets a new tenant's spec.
func (w *write) fill(p tenant.Placed) review.Verdict {
	v := w.allow()
	spec := map[string]any{}
	if raw := nothing(w.object.at("spec")); raw != nil {
		plain, err := ast.JSON(raw)
		given, ok := plain.(map[string]any)
		if err != nil || !ok {
			return w.deny("identity/tenant-spec", "spec is no object", "", "leave spec out: the platform fills it in")
		}
		spec = given
	}
	spec["owner"] = map[string]any{"user": w.caller.Username}
	spec["organization"], spec["tier"] = p.Organization, p.Tier
	v.Patches = []review.Patch{{Op: "add", Path: "/spec", Value: spec}}
	return v
}

// settings lets an organization's admins decide within what it was given.
func (g *Gate) settings(w *write) review.Verdict {
	org, ok := w.snapshot.Organizations[w.name()]
	if !ok || !tenant.IsAdmin(org, w.caller.Username, w.caller.Groups) {
		return w.deny("identity/not-organization-admin", fmt.Sprintf("you are no admin of organization %s", review.Quote(w.name())), "", "ask one of its admins")
	}
	w.trace.Author, w.trace.Relation, w.trace.Role, w.trace.Organization = w.caller.Username, string(tenant.RelationOrgAdmin), v1alpha1.RoleAdmin, org.Name
	if w.Phase == review.Mutating {
		return w.allow()
	}
	var settings v1alpha1.OrganizationSettings
	if err := json.Unmarshal(w.Object, &settings); err != nil {
		return w.deny("identity/unreadable-object", "the settings cannot be read", "", "see kubectl explain organizationsettings.spec")
	}
	over := tenant.Exceeds(org, &settings, w.snapshot.TenantsOf(org.Name))
	denials := make([]review.Denial, 0, len(over))
	given, odd := givenParameters(&settings)
	_, wrong := w.program.Delegated(given)
	for _, text := range append(odd, wrong...) {
		denials = append(denials, review.Denial{Rule: "identity/policy-parameters", Problem: "spec.policyParameters: " + text,
			Next: "see what is delegable: kubectl get policy -o yaml, or ask a platform administrator"})
	}
	if len(over)+len(denials) == 0 {
		return w.allow()
	}
	for _, o := range over {
		denials = append(denials, review.Denial{Rule: "identity/grant-exceeds", Problem: o,
			Allowed: "organization " + review.Quote(org.Name) + " hands out only what it was given", Next: "see kubectl get organization " + org.Name + " -o yaml"})
	}
	return review.Deny(w.trace, denials...)
}
