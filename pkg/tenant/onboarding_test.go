package tenant

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func TestAdmit(t *testing.T) {
	orgs := map[string]*v1alpha1.Organization{
		"acme":        {ObjectMeta: named("acme"), Spec: v1alpha1.OrganizationSpec{Tiers: []string{"premium", "gold"}, Members: []v1alpha1.Member{{User: "local:alice"}, {Group: "local:acme"}}}},
		"globex":      {ObjectMeta: named("globex"), Spec: v1alpha1.OrganizationSpec{Tiers: []string{"standard"}, Members: []v1alpha1.Member{{Group: "local:globex"}}}},
		"individuals": {ObjectMeta: named("individuals"), Spec: v1alpha1.OrganizationSpec{Tiers: []string{"standard", "premium"}}},
		"empty":       {ObjectMeta: named("empty"), Spec: v1alpha1.OrganizationSpec{Members: []v1alpha1.Member{{User: "local:nobody"}}}},
	}
	tiers := map[string]*v1alpha1.Tier{"standard": {Spec: v1alpha1.TierSpec{Rank: 1}}, "premium": {Spec: v1alpha1.TierSpec{Rank: 2}}, "gold": {Spec: v1alpha1.TierSpec{Rank: 3}}}
	open := Onboarding{Issuers: []string{"local"}, DefaultOrganization: "individuals", DefaultTier: "standard", Cap: 10}
	for _, c := range []struct {
		name    string
		change  func(*Onboarding)
		who     Applicant
		tenants int
		want    Placed
		refused string
	}{
		{"nobody knows her", nil, Applicant{Username: "local:erin"}, 0, Placed{"individuals", "standard"}, ""},
		{"a member by name, lowest tier of the organization", nil, Applicant{Username: "local:alice"}, 0, Placed{"acme", "premium"}, ""},
		{"a member by group", nil, Applicant{Username: "local:x", Groups: []string{"local:globex"}}, 0, Placed{"globex", "standard"}, ""},
		{"a member of two", nil, Applicant{Username: "local:alice", Groups: []string{"local:globex"}}, 0, Placed{}, "several-organizations"},
		{"an organization without tiers", nil, Applicant{Username: "local:nobody"}, 0, Placed{}, "no-tier"},
		{"another issuer", nil, Applicant{Username: "other:erin"}, 0, Placed{}, "onboarding-closed"},
		{"an empty configuration is closed", func(o *Onboarding) { *o = Onboarding{} }, Applicant{Username: "local:erin"}, 0, Placed{}, "onboarding-closed"},
		{"full", nil, Applicant{Username: "local:erin"}, 10, Placed{}, "onboarding-full"},
		{"a cap of nothing", func(o *Onboarding) { o.Cap = 0 }, Applicant{Username: "local:erin"}, 0, Placed{}, "onboarding-full"},
		{"a domain", func(o *Onboarding) { o.Domains = []string{"initech.example"} }, Applicant{Username: "local:erin", Email: "erin@Initech.example"}, 0, Placed{"individuals", "standard"}, ""},
		{"a domain at the front", func(o *Onboarding) { o.Domains = []string{"initech.example"} }, Applicant{Username: "local:erin", Email: "initech.example@evil.example"}, 0, Placed{}, "onboarding-closed"},
		{"no verified email", func(o *Onboarding) { o.Domains = []string{"initech.example"} }, Applicant{Username: "local:erin"}, 0, Placed{}, "onboarding-closed"},
		{"not in the group", func(o *Onboarding) { o.Groups = []string{"local:staff"} }, Applicant{Username: "local:erin", Groups: []string{"staff"}}, 0, Placed{}, "onboarding-closed"},
		{"the default organization is gone", func(o *Onboarding) { o.DefaultOrganization = "gone" }, Applicant{Username: "local:erin"}, 0, Placed{}, "no-organization"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := open
			if c.change != nil {
				c.change(&o)
			}
			got, refusal := o.Admit(c.who, orgs, tiers, c.tenants)
			reason := ""
			if refusal != nil {
				reason = refusal.Reason
			}
			if diff := cmp.Diff(c.want, got); diff != "" || reason != c.refused {
				t.Errorf("refused %q, want %q; placed %s", reason, c.refused, diff)
			}
		})
	}
}

func TestExceeds(t *testing.T) {
	f := acme()
	f.Settings.Spec.Grants = []v1alpha1.ModelGrant{{Role: "member", Models: []string{"sonnet", "llama"}}}
	f.Settings.Spec.Shares = []v1alpha1.Share{{Tenant: "alice"}, {Tenant: "bob"}}
	want := []string{`spec.grants[0] hands out model "llama"`, `spec.shares names tenant "bob", which is not of this organization`}
	if diff := cmp.Diff(want, Exceeds(f.Organization, f.Settings, []string{"alice"})); diff != "" {
		t.Error(diff)
	}
}
