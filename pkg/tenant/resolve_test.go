package tenant

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func limit(dimension, amount string) v1alpha1.Limit {
	return v1alpha1.Limit{Dimension: dimension, Amount: intstr.FromString(amount)}
}

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

// acme is an organization of one standard tenant, alice, and an admin, carol.
func acme() Facts {
	return Facts{
		Tenant: &v1alpha1.Tenant{ObjectMeta: named("alice"), Spec: v1alpha1.TenantSpec{
			Owner: v1alpha1.TenantOwner{User: "local:alice"}, Organization: "acme", Tier: "standard"}},
		Organization: &v1alpha1.Organization{ObjectMeta: named("acme"), Spec: v1alpha1.OrganizationSpec{
			Admins: []v1alpha1.Member{{User: "local:carol"}, {Group: "local:bosses"}},
			Tiers:  []string{"standard", "premium"},
			Models: []v1alpha1.GrantedModel{{Name: "sonnet"}, {Name: "opus", MinTier: "premium"}, {Name: "unknown"}},
		}},
		Settings: &v1alpha1.OrganizationSettings{ObjectMeta: named("acme"), Spec: v1alpha1.OrganizationSettingsSpec{
			Grants: []v1alpha1.ModelGrant{{Role: "member", Models: []string{"sonnet", "opus", "llama", "unknown"}}}}},
		Tiers: map[string]*v1alpha1.Tier{
			"standard": {ObjectMeta: named("standard"), Spec: v1alpha1.TierSpec{Rank: 1, Limits: []v1alpha1.Limit{limit("sessions", "3"), limit("cpu", "8")}}},
			"premium":  {ObjectMeta: named("premium"), Spec: v1alpha1.TierSpec{Rank: 2}},
		},
		Models: map[string]*v1alpha1.Model{"sonnet": {ObjectMeta: named("sonnet")}, "opus": {ObjectMeta: named("opus")}, "llama": {ObjectMeta: named("llama")}},
	}
}

func amounts(limits map[string]Limit) map[string]string {
	out := map[string]string{}
	for dimension, l := range limits {
		out[dimension] = l.Amount.String()
		if l.Unlimited {
			out[dimension] = v1alpha1.Unlimited
		}
	}
	return out
}

func TestResolve(t *testing.T) {
	type want struct {
		Models  []string
		Limits  map[string]string
		Role    string
		Domain  string
		Missing string
	}
	base := want{Models: []string{"sonnet"}, Limits: map[string]string{"sessions": "3", "cpu": "8"}, Role: "member", Domain: "organization/acme"}
	for _, c := range []struct {
		name   string
		change func(*Facts)
		groups []string
		want   func(*want)
	}{
		{"as given", func(*Facts) {}, nil, func(*want) {}},
		{"a higher tier reaches more, and limits nothing", func(f *Facts) { f.Tenant.Spec.Tier = "premium" }, nil, func(w *want) { w.Models, w.Limits = []string{"opus", "sonnet"}, map[string]string{} }},
		{"no settings grant nothing", func(f *Facts) { f.Settings = nil }, nil, func(w *want) { w.Models = []string{} }},
		{"no grants grant nothing", func(f *Facts) { f.Settings.Spec.Grants = nil }, nil, func(w *want) { w.Models = []string{} }},
		{"the organization has no models", func(f *Facts) { f.Organization.Spec.Models = nil }, nil, func(w *want) { w.Models = []string{} }},
		{"a minTier that nobody defines", func(f *Facts) { f.Organization.Spec.Models[0].MinTier = "gone" }, nil, func(w *want) { w.Models = []string{} }},
		{"a grant to a group that she carries", func(f *Facts) {
			f.Settings.Spec.Grants = []v1alpha1.ModelGrant{{Group: "local:lab", Models: []string{"sonnet"}}}
		}, []string{"local:lab"}, func(*want) {}},
		{"a grant to a group that she does not carry", func(f *Facts) {
			f.Settings.Spec.Grants = []v1alpha1.ModelGrant{{Group: "local:lab", Models: []string{"sonnet"}}}
		}, []string{"local:LAB"}, func(w *want) { w.Models = []string{} }},
		{"a role of the organization's own", func(f *Facts) {
			f.Settings.Spec.Roles = []v1alpha1.RoleAssignment{{Member: v1alpha1.Member{User: "local:alice"}, Role: "lab"}}
			f.Settings.Spec.Grants = []v1alpha1.ModelGrant{{Role: "lab", Models: []string{"sonnet"}}}
		}, nil, func(*want) {}},
		{"settings cannot make an admin", func(f *Facts) {
			f.Settings.Spec.Roles = []v1alpha1.RoleAssignment{{Member: v1alpha1.Member{User: "local:alice"}, Role: "admin"}}
			f.Settings.Spec.Grants = []v1alpha1.ModelGrant{{Role: "admin", Models: []string{"sonnet"}}}
		}, nil, func(w *want) { w.Models = []string{} }},
		{"an admin by group", func(*Facts) {}, []string{"local:bosses"}, func(w *want) { w.Role = "admin" }},
		{"the platform's override wins", func(f *Facts) { f.Tenant.Spec.Limits = []v1alpha1.Limit{limit("sessions", "7")} }, nil, func(w *want) { w.Limits["sessions"] = "7" }},
		{"perTenant is a ceiling", func(f *Facts) {
			f.Organization.Spec.Limits.PerTenant = []v1alpha1.Limit{limit("sessions", "2"), limit("cpu", "100")}
		}, nil, func(w *want) { w.Limits["sessions"] = "2" }},
		{"perTenant gives nothing that the tier does not", func(f *Facts) { f.Organization.Spec.Limits.PerTenant = []v1alpha1.Limit{limit("gpu", "2")} }, nil, func(*want) {}},
		{"perTenant bounds unlimited", func(f *Facts) {
			f.Tenant.Spec.Limits = []v1alpha1.Limit{limit("sessions", "unlimited")}
			f.Organization.Spec.Limits.PerTenant = []v1alpha1.Limit{limit("sessions", "5")}
		}, nil, func(w *want) { w.Limits["sessions"] = "5" }},
		{"unlimited must be written, and then is", func(f *Facts) { f.Tenant.Spec.Limits = []v1alpha1.Limit{limit("sessions", "unlimited")} }, nil, func(w *want) { w.Limits["sessions"] = "unlimited" }},
		{"another window cannot be compared", func(f *Facts) {
			f.Organization.Spec.Limits.PerTenant = []v1alpha1.Limit{{Dimension: "sessions", Amount: intstr.FromInt32(9), Window: v1alpha1.WindowDay}}
		}, nil, func(w *want) { delete(w.Limits, "sessions") }},
		{"an amount that is no quantity limits nothing, so denies", func(f *Facts) { f.Tiers["standard"].Spec.Limits[0].Amount = intstr.FromString("many") }, nil, func(w *want) { delete(w.Limits, "sessions") }},
		{"a negative amount likewise", func(f *Facts) { f.Tiers["standard"].Spec.Limits[0].Amount = intstr.FromString("-1") }, nil, func(w *want) { delete(w.Limits, "sessions") }},
		{"a share is a ceiling", func(f *Facts) {
			f.Settings.Spec.Shares = []v1alpha1.Share{{Tenant: "alice", Limits: []v1alpha1.Limit{limit("sessions", "1")}}, {Tenant: "bob", Limits: []v1alpha1.Limit{limit("cpu", "1")}}}
		}, nil, func(w *want) { w.Limits["sessions"] = "1" }},
		{"individuals are domains of their own", func(f *Facts) { f.Tenant.Spec.Organization, f.Organization.Name = "individuals", "individuals" }, nil, func(w *want) { w.Domain = "tenant/alice" }},
		{"no organization", func(f *Facts) { f.Organization = nil }, nil, func(w *want) { w.Models, w.Limits, w.Missing = nil, map[string]string{}, MissingOrganization }},
		{"no tier", func(f *Facts) { f.Tiers = nil }, nil, func(w *want) { w.Models, w.Limits, w.Missing = nil, map[string]string{}, MissingTier }},
		{"a tier that the organization was not given", func(f *Facts) { f.Organization.Spec.Tiers = nil }, nil, func(w *want) { w.Models, w.Limits, w.Missing = nil, map[string]string{}, MissingTierGrant }},
		{"no tenant", func(f *Facts) { f.Tenant = nil }, nil, func(w *want) { *w = want{Limits: map[string]string{}, Missing: MissingTenant} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := acme()
			c.change(&f)
			expected := base
			expected.Limits = map[string]string{"sessions": "3", "cpu": "8"}
			c.want(&expected)
			e := Resolve(f, c.groups)
			got := want{Models: e.Models, Limits: amounts(e.Limits), Role: e.Role, Domain: e.Domain, Missing: e.Missing}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRelate(t *testing.T) {
	f := acme()
	e := Resolve(f, nil)
	for _, c := range []struct {
		author string
		groups []string
		want   Relation
	}{
		{"local:alice", nil, RelationOwner},
		{"local:Alice", nil, RelationForeign},
		{"local:carol", nil, RelationOrgAdmin},
		{"local:dan", []string{"local:bosses"}, RelationOrgAdmin},
		{"local:dan", []string{"bosses"}, RelationForeign},
		{"", []string{"local:bosses"}, RelationForeign},
	} {
		if got, _ := Relate(f, e, c.author, c.groups); got != c.want {
			t.Errorf("%q %v is %s, want %s", c.author, c.groups, got, c.want)
		}
	}
}
