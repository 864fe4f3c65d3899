package provision

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

func TestTransferIsOneFieldAndOneEvent(t *testing.T) {
	s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
	r := newTenants(s)
	told := events.NewFakeRecorder(10)
	r.told = told
	settled(t, s, r)
	if n := len(told.Events); n != 0 {
		t.Errorf("%d events before the transfer", n)
	}
	for _, owner := range []string{"local:frank", "local:grace", "local:alice"} {
		var alice v1alpha1.Tenant
		if err := s.Get(t.Context(), client.ObjectKey{Name: "alice"}, &alice); err != nil {
			t.Fatal(err)
		}
		before := alice.Spec.Owner.User
		alice.Spec.Owner.User = owner
		if err := s.Update(t.Context(), &alice); err != nil {
			t.Fatal(err)
		}
		settled(t, s, r)
		if n := len(told.Events); n != 1 {
			t.Fatalf("%d events of one transfer", n)
		}
		if said := <-told.Events; !strings.Contains(said, "transferred from "+before+" to "+owner) {
			t.Errorf("event %q", said)
		}
		var binding rbacv1.RoleBinding
		if err := s.Get(t.Context(), client.ObjectKey{Namespace: prefix + "alice", Name: home.RoleMember}, &binding); err != nil {
			t.Fatal(err)
		}
		if len(binding.Subjects) != 1 || binding.Subjects[0].Name != owner {
			t.Errorf("member's subjects %v, want %s alone", binding.Subjects, owner)
		}
	}
	var alice v1alpha1.Tenant
	if err := s.Get(t.Context(), client.ObjectKey{Name: "alice"}, &alice); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"local:alice", "local:frank", "local:grace"}, alice.Status.FormerOwners); diff != "" || alice.Status.Owner != "local:alice" {
		t.Errorf("owner %q, former owners (-want +got):\n%s", alice.Status.Owner, diff)
	}
}
