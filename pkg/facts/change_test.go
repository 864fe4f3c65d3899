package facts

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func meta(name, version string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), ResourceVersion: version}
}

// platform has n tenants in two organizations, everything of the same version.
func platform(n int, version string) Objects {
	in := Objects{Prefix: "t-"}
	for i := range n {
		name := fmt.Sprintf("u%d", i)
		in.Tenants = append(in.Tenants, &v1alpha1.Tenant{ObjectMeta: meta(name, version),
			Spec: v1alpha1.TenantSpec{Owner: v1alpha1.TenantOwner{User: "local:" + name}, Organization: fmt.Sprintf("o%d", i%2), Tier: "standard"}})
		ns := home("t-"+name, name, "uid-"+name)
		ns.UID, ns.ResourceVersion = types.UID("ns-"+name), version
		in.Namespaces = append(in.Namespaces, ns)
	}
	for _, name := range []string{"o0", "o1"} {
		in.Organizations = append(in.Organizations, &v1alpha1.Organization{ObjectMeta: meta(name, version), Spec: v1alpha1.OrganizationSpec{
			Tiers: []string{"standard"}, Models: []v1alpha1.GrantedModel{{Name: "sonnet"}}}})
		in.Settings = append(in.Settings, &v1alpha1.OrganizationSettings{ObjectMeta: meta(name, version),
			Spec: v1alpha1.OrganizationSettingsSpec{Grants: []v1alpha1.ModelGrant{{Role: "member", Models: []string{"sonnet"}}}}})
	}
	in.Tiers = []*v1alpha1.Tier{{ObjectMeta: meta("standard", version), Spec: v1alpha1.TierSpec{Limits: []v1alpha1.Limit{{Dimension: "sessions", Amount: intstr.FromInt32(3)}}}}}
	in.Models = []*v1alpha1.Model{{ObjectMeta: meta("sonnet", version), Spec: v1alpha1.ModelSpec{Provider: "anthropic"}}}
	return in
}

// reads is what policies read of every home.
func reads(t testing.TB, s *Snapshot) map[string]any {
	t.Helper()
	out := map[string]any{}
	for name, h := range s.Homes() {
		b := h.base
		plain, err := ast.JSON(ast.NewArray(ast.NewTerm(b.Tenant), ast.NewTerm(b.Organization), ast.NewTerm(b.Tier), ast.NewTerm(b.Limits), ast.NewTerm(b.Models), ast.NewTerm(b.Namespace)))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = plain
	}
	return out
}

// changes gives every object of one or the other by name, as it is in the second: most did not
// change, which is to be seen from their versions.
func changes(from, to Objects) Change {
	return Change{
		Namespaces:    differing(from.Namespaces, to.Namespaces, func(n *Namespace) string { return n.Name }),
		Tenants:       differing(values(from.Tenants), values(to.Tenants), (*v1alpha1.Tenant).GetName),
		Organizations: differing(values(from.Organizations), values(to.Organizations), (*v1alpha1.Organization).GetName),
		Settings:      differing(values(from.Settings), values(to.Settings), (*v1alpha1.OrganizationSettings).GetName),
		Tiers:         differing(values(from.Tiers), values(to.Tiers), (*v1alpha1.Tier).GetName),
		Models:        differing(values(from.Models), values(to.Models), (*v1alpha1.Model).GetName),
	}
}

func values[T any](of []*T) []T {
	var out []T
	for _, o := range of {
		out = append(out, *o)
	}
	return out
}

func differing[T any](from, to []T, name func(*T) string) map[string]*T {
	out := map[string]*T{}
	for i := range from {
		out[name(&from[i])] = nil
	}
	for i := range to {
		out[name(&to[i])] = &to[i]
	}
	return out
}

// TestAfterIsWhatBuildWouldBe changes one object of each kind: what is taken over from the
// snapshot before must be what a new one would say, and what did not change is taken over.
func TestAfterIsWhatBuildWouldBe(t *testing.T) {
	const n = 6
	for name, tt := range map[string]struct {
		change func(*Objects)
		// anew is how many homes are made anew.
		anew int
	}{
		"nothing":            {func(*Objects) {}, 0},
		"a tenant":           {func(in *Objects) { in.Tenants[0].ResourceVersion, in.Tenants[0].Spec.Suspended = "2", true }, 1},
		"a tenant made anew": {func(in *Objects) { in.Tenants[0].UID = "other" }, 1},
		"a tenant gone":      {func(in *Objects) { in.Tenants = in.Tenants[1:] }, 1},
		"a namespace": {func(in *Objects) {
			in.Namespaces[0].ResourceVersion, in.Namespaces[0].Labels = "2", map[string]string{}
		}, 1},
		"a namespace gone":     {func(in *Objects) { in.Namespaces = in.Namespaces[1:] }, 0},
		"an organization":      {func(in *Objects) { in.Organizations[0].ResourceVersion, in.Organizations[0].Spec.Suspended = "2", true }, n / 2},
		"an organization gone": {func(in *Objects) { in.Organizations = in.Organizations[1:] }, n / 2},
		"settings":             {func(in *Objects) { in.Settings[0].ResourceVersion, in.Settings[0].Spec.Grants = "2", nil }, n / 2},
		"a tier":               {func(in *Objects) { in.Tiers[0].ResourceVersion, in.Tiers[0].Spec.Limits = "2", nil }, n},
		"a model":              {func(in *Objects) { in.Models[0].ResourceVersion, in.Models[0].Spec.Retired = "2", true }, n},
		"a model more": {func(in *Objects) {
			in.Models = append(in.Models, &v1alpha1.Model{ObjectMeta: meta("opus", "1")})
		}, n},
		"no versions": {func(in *Objects) {
			for i := range in.Namespaces {
				in.Namespaces[i].ResourceVersion = ""
			}
		}, n},
	} {
		t.Run(name, func(t *testing.T) {
			before := Build(platform(n, "1"))
			in := platform(n, "1")
			tt.change(&in)
			was, had := reads(t, before), whoHasWhat(before)
			next, want := before.After(changes(platform(n, "1"), in)), Build(in)
			if diff := cmp.Diff(was, reads(t, before)); diff != "" {
				t.Errorf("the snapshot before changed (-was +is):\n%s", diff)
			}
			if diff := cmp.Diff(had, whoHasWhat(before)); diff != "" {
				t.Errorf("the snapshot before changed (-was +is):\n%s", diff)
			}
			if diff := cmp.Diff(reads(t, want), reads(t, next)); diff != "" {
				t.Errorf("(-built +next):\n%s", diff)
			}
			anew := 0
			for name, h := range next.Homes() {
				if had, known := before.HomeOf(name); !known || had != h {
					anew++
				}
			}
			if anew != tt.anew {
				t.Errorf("%d homes were made anew, want %d", anew, tt.anew)
			}
			if diff := cmp.Diff(whoHasWhat(want), whoHasWhat(next)); diff != "" {
				t.Errorf("(-built +next):\n%s", diff)
			}
		})
	}
}

// whoHasWhat is what a snapshot holds beside the homes.
func whoHasWhat(s *Snapshot) map[string]any {
	out := map[string]any{
		"population":    s.Population(),
		"organizations": maps.Clone(s.Organizations), "settings": maps.Clone(s.Settings),
		"tiers": maps.Clone(s.Tiers), "models": maps.Clone(s.Models),
	}
	for i := range 8 {
		owner, organization := fmt.Sprintf("local:u%d", i), fmt.Sprintf("o%d", i)
		out[owner], out[organization] = s.TenantOf(owner), s.TenantsOf(organization)
	}
	for name, t := range s.Tenants() {
		out["tenant "+name] = t.Spec
	}
	return out
}

// TestOneChangeCostsWhatOneCosts counts allocations, which a loaded machine does not change.
func TestOneChangeCostsWhatOneCosts(t *testing.T) {
	in := platform(2000, "1")
	before, changed := Build(in), oneOf(in)
	whole := testing.AllocsPerRun(3, func() { Build(in) })
	one := testing.AllocsPerRun(3, func() { before.After(changed) })
	t.Logf("%.0f allocations after one change, %.0f from nothing", one, whole)
	if one > whole/500 {
		t.Errorf("one change among 2,000 tenants costs %.0f allocations, a snapshot from nothing %.0f", one, whole)
	}
}

// oneOf has one tenant change.
func oneOf(in Objects) Change {
	t := in.Tenants[471].DeepCopy()
	t.ResourceVersion = "2"
	return Change{Tenants: map[string]*v1alpha1.Tenant{t.Name: t}}
}

// BenchmarkAfter is one tenant's change among ten thousand, and a snapshot from nothing.
func BenchmarkAfter(b *testing.B) {
	in := platform(10000, "1")
	before, changed := Build(in), oneOf(in)
	b.ReportAllocs()
	b.Run("one of 10000", func(b *testing.B) {
		for b.Loop() {
			before.After(changed)
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			Build(in)
		}
	})
}
