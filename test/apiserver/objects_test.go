package apiserver

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

const (
	aliceNS = "claude-runner-user-alice"
	bobNS   = "claude-runner-user-bob"
)

var (
	sessions    = schema.GroupVersionResource{Group: "research.example.com", Version: "v1", Resource: "researchsessions"}
	tenants     = schema.GroupVersionResource{Group: "gatehouse.dev", Version: "v1alpha1", Resource: "tenants"}
	endpointsOf = schema.GroupVersionResource{Version: "v1", Resource: "endpoints"}
	ledgers     = schema.GroupVersionResource{Group: "gatehouse.dev", Version: "v1alpha1", Resource: "quotaledgers"}
)

func parse(manifest string) *unstructured.Unstructured {
	GinkgoHelper()
	u := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(manifest), &u.Object)).To(Succeed())
	return u
}

// resource is the client for an object's kind, in a namespace where it has one.
func (u *user) resource(object *unstructured.Unstructured, namespace string) (dynamic.ResourceInterface, error) {
	gvk := object.GroupVersionKind()
	mapping, err := u.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("kind %s: %w", gvk, err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return u.dynamic.Resource(mapping.Resource).Namespace(namespace), nil
	}
	return u.dynamic.Resource(mapping.Resource), nil
}

func (u *user) create(ctx context.Context, namespace, manifest string) (*unstructured.Unstructured, error) {
	GinkgoHelper()
	object := parse(manifest)
	r, err := u.resource(object, namespace)
	if err != nil {
		return nil, err
	}
	return r.Create(ctx, object, metav1.CreateOptions{})
}

// remove deletes an object and waits until it is gone.
func (u *user) remove(ctx context.Context, namespace string, object *unstructured.Unstructured) error {
	r, err := u.resource(object, namespace)
	if err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	if err := r.Delete(ctx, object.GetName(), metav1.DeleteOptions{PropagationPolicy: &background}); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	for ctx.Err() == nil {
		if _, err := r.Get(ctx, object.GetName(), metav1.GetOptions{}); apierrors.IsNotFound(err) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ctx.Err()
}

// sessionsHeld is what a tenant's section of a ledger holds, settled and not.
func sessionsHeld(ctx context.Context, admin *user, domain, tenant string) int {
	ledger, err := admin.dynamic.Resource(ledgers).Get(ctx, domain, metav1.GetOptions{})
	if err != nil {
		return 0
	}
	held := 0
	sections, _, _ := unstructured.NestedSlice(ledger.Object, "spec", "sections")
	for _, s := range sections {
		section, _ := s.(map[string]any)
		if section["tenant"] != tenant {
			continue
		}
		entries, _, _ := unstructured.NestedSlice(section, "entries")
		for _, e := range entries {
			if entry, _ := e.(map[string]any); entry["groupResource"] == "researchsessions.research.example.com" {
				held++
			}
		}
		settled, _, _ := unstructured.NestedSlice(section, "settled")
		for _, a := range settled {
			if amount, _ := a.(map[string]any); amount["dimension"] == "sessions" && fmt.Sprint(amount["amount"]) != "0" {
				held++
			}
		}
	}
	return held
}

// clearSessions deletes a tenant's sessions and waits until the ledger has seen it.
func clearSessions(ctx context.Context, admin *user, namespace, domain, tenant string) {
	GinkgoHelper()
	Expect(admin.dynamic.Resource(sessions).Namespace(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})).To(Succeed())
	Eventually(func() int { return sessionsHeld(ctx, admin, domain, tenant) }).WithContext(ctx).
		WithTimeout(slack * 5 * time.Second).WithPolling(20 * time.Millisecond).Should(BeZero())
}

// openRBAC gives every user every right for the time of a spec: what then denies is
// Gatehouse alone.
func openRBAC(ctx context.Context, admin *user) {
	GinkgoHelper()
	openRBACTo(ctx, admin, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "gatehouse:users"})
}

// openRBACTo gives one subject every right for the time of a spec, and waits until the
// authorizer knows of it.
func openRBACTo(ctx context.Context, admin *user, subject rbacv1.Subject) {
	GinkgoHelper()
	binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{GenerateName: "wide-open-"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{subject}}
	made, err := admin.kube.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		Expect(admin.kube.RbacV1().ClusterRoleBindings().Delete(ctx, made.Name, metav1.DeleteOptions{})).To(Succeed())
		awaitAllRights(ctx, admin, subject, false)
	})
	awaitAllRights(ctx, admin, subject, true)
}

func awaitAllRights(ctx context.Context, admin *user, subject rbacv1.Subject, want bool) {
	GinkgoHelper()
	Eventually(func() (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: whoever(subject)}
		review.Spec.ResourceAttributes = &authorizationv1.ResourceAttributes{Verb: "*", Group: "*", Resource: "*"}
		answer, err := admin.kube.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return false, err
		}
		return answer.Status.Allowed, nil
	}).WithContext(ctx).WithTimeout(soon).WithPolling(10 * time.Millisecond).Should(Equal(want))
}

// whoever is somebody to whom a binding to a subject applies.
func whoever(subject rbacv1.Subject) authorizationv1.SubjectAccessReviewSpec {
	switch subject.Kind {
	case rbacv1.GroupKind:
		return authorizationv1.SubjectAccessReviewSpec{User: "anybody", Groups: []string{subject.Name}}
	case rbacv1.ServiceAccountKind:
		return authorizationv1.SubjectAccessReviewSpec{User: "system:serviceaccount:" + subject.Namespace + ":" + subject.Name}
	default:
		return authorizationv1.SubjectAccessReviewSpec{User: subject.Name}
	}
}
