package provision

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/provision/home"
)

// TestRepairsAreTold: what somebody changed is put back with an event, and what is as it was
// left leaves none.
func TestRepairsAreTold(t *testing.T) {
	s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
	r := newTenants(s)
	settled(t, s, r)
	told := r.told.(*events.FakeRecorder)
	quiet := func(when string) {
		t.Helper()
		select {
		case event := <-told.Events:
			t.Errorf("%s: %s", when, event)
		default:
		}
	}
	quiet("nobody changed anything")
	namespace := prefix + "alice"
	key := client.ObjectKey{Namespace: namespace, Name: home.Name}
	for name, test := range map[string]struct {
		tamper func() error
		says   string
	}{
		"a quota is raised": {func() error {
			quota := &corev1.ResourceQuota{}
			if err := s.Get(t.Context(), key, quota); err != nil {
				return err
			}
			quota.Spec.Hard = corev1.ResourceList{}
			return s.Update(t.Context(), quota)
		}, "Warning Repaired spec.hard."},
		"a wall gets a door": {func() error {
			wall := &networkingv1.NetworkPolicy{}
			if err := s.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "gatehouse-default-deny"}, wall); err != nil {
				return err
			}
			wall.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
			return s.Update(t.Context(), wall)
		}, "Warning Repaired spec.ingress changed; put back"},
	} {
		if err := test.tamper(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
			t.Fatal(err)
		}
		select {
		case event := <-told.Events:
			if !strings.HasPrefix(event, test.says) {
				t.Errorf("%s: %q, want %q", name, event, test.says)
			}
		default:
			t.Errorf("%s: nothing told", name)
		}
		if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
			t.Fatal(err)
		}
		quiet("after " + name + " was put back")
	}
}

// TestAnOrganizationsAccessIsToldOf when somebody widens the role of its admins.
func TestAnOrganizationsAccessIsToldOf(t *testing.T) {
	s := newServer(t, append(acme(), alice())...)
	told := events.NewFakeRecorder(10)
	r := &organizations{Client: s, facts: facts{s}, applier: newApplier(s), told: told}
	role := &rbacv1.ClusterRole{}
	key := client.ObjectKey{Name: home.OrganizationRole("acme")}
	for _, step := range []struct {
		what   string
		tamper func() error
		says   string
	}{
		{"nothing", func() error { return nil }, ""},
		{"widened", func() error { role.Rules[0].Verbs = []string{"*"}; return s.Update(t.Context(), role) }, "Warning Repaired rules[0].verbs changed"},
	} {
		for range 2 {
			if _, err := r.Reconcile(t.Context(), request("acme")); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Get(t.Context(), key, role); err != nil {
			t.Fatal(err)
		}
		if err := step.tamper(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := r.Reconcile(t.Context(), request("acme")); err != nil {
				t.Fatal(err)
			}
		}
		var said []string
		for len(told.Events) > 0 {
			said = append(said, <-told.Events)
		}
		if got := strings.Join(said, "\n"); !strings.HasPrefix(got, step.says) || (got == "") != (step.says == "") || len(said) > 1 {
			t.Errorf("%s: told %q, want %q", step.what, got, step.says)
		}
	}
}
