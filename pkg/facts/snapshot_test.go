package facts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func alice(uid string) *v1alpha1.Tenant {
	return &v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "alice", UID: types.UID(uid)},
		Spec: v1alpha1.TenantSpec{Owner: v1alpha1.TenantOwner{User: "local:alice"}, Organization: "acme", Tier: "standard"}}
}

func home(name, tenant, uid string) Namespace {
	return Namespace{Name: name, Labels: map[string]string{v1alpha1.LabelTenant: tenant}, Annotations: map[string]string{v1alpha1.AnnotationTenantUID: uid}}
}

func TestANamespaceBelongsToTheTenantItWasMadeFor(t *testing.T) {
	for _, c := range []struct {
		name string
		ns   Namespace
		ours bool
	}{
		{"as made", home("t-alice", "alice", "u1"), true},
		{"for an earlier alice", home("t-alice", "alice", "u0"), false},
		{"nothing recorded", home("t-alice", "alice", ""), false},
		{"another name", home("t-bob", "alice", "u1"), false},
		{"another label", home("t-alice", "bob", "u1"), false},
		{"no prefix", home("alice", "alice", "u1"), false},
	} {
		s := Build(Objects{Prefix: "t-", Tenants: []*v1alpha1.Tenant{alice("u1")}, Namespaces: []Namespace{c.ns}})
		if h, _ := s.HomeOf(c.ns.Name); (h.Facts.Tenant != nil) != c.ours {
			t.Errorf("%s: tenant %v", c.name, h.Facts.Tenant)
		}
	}
}

func TestValuesAreWhatPoliciesRead(t *testing.T) {
	s := Build(Objects{
		Prefix: "t-", Tenants: []*v1alpha1.Tenant{alice("u1")}, Namespaces: []Namespace{home("t-alice", "alice", "u1")},
		Organizations: []*v1alpha1.Organization{{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: v1alpha1.OrganizationSpec{DisplayName: "Acme", Tiers: []string{"standard"},
			Models: []v1alpha1.GrantedModel{{Name: "sonnet"}}}}},
		Settings: []*v1alpha1.OrganizationSettings{{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: v1alpha1.OrganizationSettingsSpec{Grants: []v1alpha1.ModelGrant{{Group: "local:lab", Models: []string{"sonnet"}}}}}},
		Tiers: []*v1alpha1.Tier{{ObjectMeta: metav1.ObjectMeta{Name: "standard"}, Spec: v1alpha1.TierSpec{Rank: 1, Limits: []v1alpha1.Limit{
			{Dimension: "memory", Amount: intstr.FromString("1Gi")}, {Dimension: "cpu", Amount: intstr.FromString("500m")}, {Dimension: "sessions", Amount: intstr.FromString("unlimited")}}}}},
		Models: []*v1alpha1.Model{{ObjectMeta: metav1.ObjectMeta{Name: "sonnet"}, Spec: v1alpha1.ModelSpec{Provider: "anthropic", Aliases: []string{"old"}}}},
	})
	read := func(v ast.Value) any {
		plain, err := ast.JSON(v)
		if err != nil {
			t.Fatal(err)
		}
		return plain
	}
	h, _ := s.HomeOf("t-alice")
	models := func(groups ...string) any { return read(h.Standing(groups).Models).(map[string]any)["effective"] }
	if diff := cmp.Diff([]any{}, models()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"sonnet"}, models("local:other", "local:lab")); diff != "" {
		t.Error(diff)
	}
	limits := read(h.Standing(nil).Limits).(map[string]any)
	for dimension, want := range map[string]string{"memory": "1073741824", "cpu": "0.5", "sessions": "unlimited"} {
		got := limits[dimension].(map[string]any)["amount"]
		if s, ok := got.(interface{ String() string }); ok {
			got = s.String()
		}
		if got != want && got != want+"00" {
			t.Errorf("limit %s is %v, want %s", dimension, got, want)
		}
	}
	if s.TenantOf("local:alice") != "alice" || s.TenantOf("local:Alice") != "" {
		t.Error("owners are compared byte for byte")
	}
	more := s.With(&v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "new"}})
	if s.Population() != 1 || more.Population() != 2 {
		t.Error("With changed the snapshot that it was called on")
	}
}
