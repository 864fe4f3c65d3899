package provision

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

func newTenants(s *server) *tenants {
	r := &tenants{
		Client: s, facts: facts{s}, applier: newApplier(s), namespaces: namespaces{Client: s, live: s},
		prefix: prefix, systemNamespace: system, counting: &counting{client: s, namespace: system},
		told: events.NewFakeRecorder(10),
	}
	r.counting.yes.Store(true)
	return r
}

// settled reconciles alice, lets the quota controller count and reconciles again.
func settled(t *testing.T, s *server, r *tenants) {
	t.Helper()
	for range 2 {
		if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
			t.Fatal(err)
		}
		fence := &corev1.ResourceQuota{}
		if s.Get(t.Context(), client.ObjectKey{Namespace: prefix + "alice", Name: home.Name}, fence) == nil && !counted(fence) {
			s.count(t, fence)
		}
	}
	if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
		t.Fatal(err)
	}
}

type verdict struct {
	Status          metav1.ConditionStatus
	Reason, Message string
}

func readyOf(t *testing.T, s *server, name string) verdict {
	t.Helper()
	var tn v1alpha1.Tenant
	if err := s.Get(t.Context(), client.ObjectKey{Name: name}, &tn); err != nil {
		t.Fatal(err)
	}
	c := meta.FindStatusCondition(tn.Status.Conditions, v1alpha1.ConditionReady)
	if c == nil {
		t.Fatal("no Ready condition")
	}
	return verdict{c.Status, c.Reason, c.Message}
}

func without(objects []client.Object, drop func(client.Object) bool) []client.Object {
	var out []client.Object
	for _, o := range objects {
		if !drop(o) {
			out = append(out, o)
		}
	}
	return out
}

func TestTenantConditions(t *testing.T) {
	isOrganization := func(o client.Object) bool { _, ok := o.(*v1alpha1.Organization); return ok }
	isTier := func(o client.Object) bool { _, ok := o.(*v1alpha1.Tier); return ok }
	suspended := alice()
	suspended.Spec.Suspended = true
	poor := alice()
	poor.Spec.Tier = "premium"
	premium := &v1alpha1.Tier{ObjectMeta: metav1.ObjectMeta{Name: "premium"}}
	reborn := alice()
	reborn.Status.NamespaceUID = "uid-of-" + prefix + "alice"
	root := rootConfigMap(prefix + "alice")
	tests := map[string]struct {
		tenant *v1alpha1.Tenant
		world  []client.Object
		want   verdict
	}{
		"ready": {
			alice(), append(acme(), root),
			verdict{"True", ReasonReady, "the namespace and its guards are in place"},
		},
		"a suspended tenant stays": {
			suspended, append(acme(), root),
			verdict{"True", ReasonReady, "the namespace and its guards are in place; the tenant is suspended"},
		},
		"its namespace that lost the annotation": {
			reborn, append(acme(), root, namespaceOf("alice", "")),
			verdict{"True", ReasonReady, "the namespace and its guards are in place"},
		},
		"no organization": {
			alice(), append(without(acme(), isOrganization), root),
			verdict{"False", ReasonOrganizationMissing, `organization "acme" does not exist`},
		},
		"no tier": {
			alice(), append(without(acme(), isTier), root),
			verdict{"False", ReasonTierMissing, `tier "standard" does not exist`},
		},
		"a tier that the organization does not have": {
			poor, append(acme(), root, premium),
			verdict{"False", ReasonTierNotGranted, `organization "acme" does not have tier "premium"`},
		},
		"no root certificate yet": {
			alice(), acme(),
			verdict{"False", ReasonWaiting, "ConfigMap kube-root-ca.crt is not there yet; the controller manager publishes it"},
		},
		"a namespace of nobody's": {
			alice(), append(acme(), root, namespaceOf("alice", "")),
			verdict{"False", ReasonNamespaceTaken, "namespace claude-runner-user-alice exists and was not made by Gatehouse; it is not taken over: remove it or give the tenant another name"},
		},
		"a namespace of an earlier tenant": {
			alice(), append(acme(), root, namespaceOf("alice", "alice-0")),
			verdict{"False", ReasonNamespaceTaken, "namespace claude-runner-user-alice belongs to an earlier Tenant with uid alice-0; it is not taken over: wait until it is deleted, or delete it"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, append(tt.world, tt.tenant)...)
			settled(t, s, newTenants(s))
			if diff := cmp.Diff(tt.want, readyOf(t, s, "alice")); diff != "" {
				t.Errorf("Ready (-want +got):\n%s", diff)
			}
			var ns corev1.Namespace
			if err := s.Get(t.Context(), client.ObjectKey{Name: prefix + "alice"}, &ns); err != nil {
				t.Fatal(err)
			}
			taken := tt.want.Reason == ReasonNamespaceTaken
			if ours := ns.Annotations[v1alpha1.AnnotationTenantUID] == "alice-1"; ours == taken {
				t.Errorf("namespace annotations %v, taken %v", ns.Annotations, taken)
			}
			var policies networkingv1.NetworkPolicyList
			if err := s.List(t.Context(), &policies, client.InNamespace(ns.Name)); err != nil {
				t.Fatal(err)
			}
			if (len(policies.Items) == 0) != taken {
				t.Errorf("%d network policies, taken %v", len(policies.Items), taken)
			}
		})
	}
}

// TestTenantDeletedBesideItsFinalizer: the API server may delete a Tenant that it read
// before our finalizer was stored. Its home goes all the same, by whom saw it alive.
func TestTenantDeletedBesideItsFinalizer(t *testing.T) {
	s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
	r := newTenants(s)
	settled(t, s, r)
	gone := alice()
	if err := s.Get(t.Context(), client.ObjectKey{Name: "alice"}, gone); err != nil {
		t.Fatal(err)
	}
	gone.Finalizers = nil
	if err := s.Update(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	again := newTenants(s)
	if _, err := again.Reconcile(t.Context(), request("alice")); err != nil {
		t.Fatal(err)
	}
	ns := &corev1.Namespace{}
	if err := s.Get(t.Context(), client.ObjectKey{Name: prefix + "alice"}, ns); err != nil {
		t.Fatalf("one that never saw the Tenant deletes its namespace: %v", err)
	}
	if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
		t.Fatal(err)
	}
	if err := s.Get(t.Context(), client.ObjectKey{Name: prefix + "alice"}, ns); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace stays: %v", err)
	}
}

func TestTenantAtRestCostsNothing(t *testing.T) {
	s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
	r := newTenants(s)
	reconcileOnce := func() {
		if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, s, r)
	if n := s.written(reconcileOnce); n != 0 {
		t.Errorf("%d writes at rest", n)
	}
}

func TestTenantWaitsForItsQuota(t *testing.T) {
	s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
	r := newTenants(s)
	if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
		t.Fatal(err)
	}
	want := verdict{"False", ReasonWaiting, "ResourceQuota gatehouse is not counted yet; until the controller manager has done so, it refuses what it bounds"}
	if diff := cmp.Diff(want, readyOf(t, s, "alice")); diff != "" {
		t.Errorf("Ready (-want +got):\n%s", diff)
	}
	settled(t, s, r)
	if got := readyOf(t, s, "alice"); got.Status != "True" {
		t.Errorf("Ready %v once it is counted", got)
	}
}

func TestTenantRepairsDrift(t *testing.T) {
	s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
	r := newTenants(s)
	reconcileOnce := func() {
		t.Helper()
		if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
			t.Fatal(err)
		}
	}
	reconcileOnce()
	ns := prefix + "alice"
	deny := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "gatehouse-default-deny"}}
	if err := s.Delete(t.Context(), deny); err != nil {
		t.Fatal(err)
	}
	var fence corev1.ResourceQuota
	if err := s.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: home.Name}, &fence); err != nil {
		t.Fatal(err)
	}
	before := fence.Spec.DeepCopy()
	delete(fence.Spec.Hard, corev1.ResourcePods)
	if err := s.Update(t.Context(), &fence); err != nil {
		t.Fatal(err)
	}
	var binding rbacv1.RoleBinding
	if err := s.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: home.RoleMember}, &binding); err != nil {
		t.Fatal(err)
	}
	binding.Subjects = append(binding.Subjects, rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "local:mallory"})
	if err := s.Update(t.Context(), &binding); err != nil {
		t.Fatal(err)
	}

	reconcileOnce()
	if err := s.Get(t.Context(), client.ObjectKeyFromObject(deny), deny); err != nil {
		t.Errorf("the deny policy did not come back: %v", err)
	}
	if err := s.Get(t.Context(), client.ObjectKeyFromObject(&fence), &fence); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*before, fence.Spec); diff != "" {
		t.Errorf("resource quota (-want +got):\n%s", diff)
	}
	if err := s.Get(t.Context(), client.ObjectKeyFromObject(&binding), &binding); err != nil {
		t.Fatal(err)
	}
	if len(binding.Subjects) != 1 || binding.Subjects[0].Name != "local:alice" {
		t.Errorf("subjects %v", binding.Subjects)
	}
}

func TestTenantTearDown(t *testing.T) {
	tests := map[string]struct {
		uid  string
		left bool
	}{
		"its namespace goes":          {"alice-1", false},
		"an earlier tenant's stays":   {"alice-0", true},
		"one of nobody's stays":       {"", true},
		"there may be no namespace":   {"-", false},
		"its namespace takes a while": {"slow", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tenant := alice()
			tenant.Finalizers = []string{finalizer}
			world := []client.Object{tenant}
			switch tt.uid {
			case "-":
			case "slow":
				ns := namespaceOf("alice", "alice-1")
				ns.Finalizers = []string{"example.com/slow"}
				world = append(world, ns)
			default:
				ns := namespaceOf("alice", "")
				if tt.uid != "" {
					ns.Annotations = map[string]string{v1alpha1.AnnotationTenantUID: tt.uid}
				}
				world = append(world, ns)
			}
			s := newServer(t, world...)
			if err := s.Delete(t.Context(), tenant); err != nil {
				t.Fatal(err)
			}
			r := newTenants(s)
			for range 3 {
				if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
					t.Fatal(err)
				}
			}
			ns := &corev1.Namespace{}
			err := s.Get(t.Context(), client.ObjectKey{Name: prefix + "alice"}, ns)
			if tt.uid == "slow" {
				if err != nil || ns.DeletionTimestamp.IsZero() {
					t.Fatalf("the namespace is not being deleted: %v", err)
				}
				if err := s.Get(t.Context(), client.ObjectKey{Name: "alice"}, &v1alpha1.Tenant{}); err != nil {
					t.Errorf("the tenant left before its namespace: %v", err)
				}
				return
			}
			if left := err == nil; left != tt.left {
				t.Errorf("namespace left %v, want %v (%v)", left, tt.left, err)
			}
			if err := s.Get(t.Context(), client.ObjectKey{Name: "alice"}, &v1alpha1.Tenant{}); !apierrors.IsNotFound(err) {
				t.Errorf("the tenant is still there: %v", err)
			}
		})
	}
}

func TestRetryIsQuietAboutConflicts(t *testing.T) {
	gr := v1alpha1.GroupVersion.WithResource("tenants").GroupResource()
	if result, err := retry(apierrors.NewConflict(gr, "alice", errors.New("changed"))); err != nil || result.RequeueAfter == 0 {
		t.Errorf("a conflict: %v, %v", result, err)
	}
	if _, err := retry(errors.New("down")); err == nil {
		t.Error("another error was swallowed")
	}
}
