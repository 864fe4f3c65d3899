package provision

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

func TestOrganization(t *testing.T) {
	isTier := func(o client.Object) bool { _, ok := o.(*v1alpha1.Tier); return ok }
	isModel := func(o client.Object) bool { _, ok := o.(*v1alpha1.Model); return ok }
	bob := alice()
	bob.Name, bob.UID, bob.Spec.Organization = "bob", "bob-1", "globex"
	tests := map[string]struct {
		world []client.Object
		want  verdict
	}{
		"ready":    {acme(), verdict{"True", ReasonReady, "access of its admins is in place"}},
		"no tier":  {without(acme(), isTier), verdict{"False", ReasonTierMissing, `tier "standard" does not exist`}},
		"no model": {without(acme(), isModel), verdict{"False", ReasonModelMissing, `model "claude-sonnet" does not exist`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, append(tt.world, alice(), bob)...)
			r := &organizations{Client: s, facts: facts{s}, applier: newApplier(s)}
			if _, err := r.Reconcile(t.Context(), request("acme")); err != nil {
				t.Fatal(err)
			}
			var o v1alpha1.Organization
			if err := s.Get(t.Context(), client.ObjectKey{Name: "acme"}, &o); err != nil {
				t.Fatal(err)
			}
			c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
			if c == nil {
				t.Fatal("no Ready condition")
			}
			if diff := cmp.Diff(tt.want, verdict{c.Status, c.Reason, c.Message}); diff != "" {
				t.Errorf("Ready (-want +got):\n%s", diff)
			}
			if o.Status.Tenants != 1 {
				t.Errorf("%d tenants, want 1", o.Status.Tenants)
			}
			// Admins keep their access whatever is missing.
			var role rbacv1.ClusterRole
			if err := s.Get(t.Context(), client.ObjectKey{Name: home.OrganizationRole("acme")}, &role); err != nil {
				t.Fatal(err)
			}
			if len(role.OwnerReferences) != 1 || role.OwnerReferences[0].UID != "acme-1" {
				t.Errorf("owner references %v", role.OwnerReferences)
			}
			var binding rbacv1.ClusterRoleBinding
			if err := s.Get(t.Context(), client.ObjectKey{Name: home.OrganizationRole("acme")}, &binding); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "local:carol"}}, binding.Subjects); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
			if n := s.written(func() {
				if _, err := r.Reconcile(t.Context(), request("acme")); err != nil {
					t.Error(err)
				}
			}); n != 0 {
				t.Errorf("%d writes at rest", n)
			}
		})
	}
	t.Run("gone", func(t *testing.T) {
		s := newServer(t)
		r := &organizations{Client: s, facts: facts{s}, applier: newApplier(s)}
		if _, err := r.Reconcile(t.Context(), request("acme")); err != nil {
			t.Error(err)
		}
	})
	t.Run("being deleted", func(t *testing.T) {
		o := &v1alpha1.Organization{ObjectMeta: metav1.ObjectMeta{Name: "acme", Finalizers: []string{"example.com/hold"}}}
		s := newServer(t, o)
		if err := s.Delete(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		r := &organizations{Client: s, facts: facts{s}, applier: newApplier(s)}
		if n := s.written(func() { _, _ = r.Reconcile(t.Context(), request("acme")) }); n != 0 {
			t.Errorf("%d writes for an organization that leaves", n)
		}
	})
}
