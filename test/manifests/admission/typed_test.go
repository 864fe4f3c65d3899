package admission

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
)

// TestTypedObjects: built-in kinds come as Go values, which the conditions read by
// another way than custom resources.
func TestTypedObjects(t *testing.T) {
	g := newGate(t, Validating(sample).Webhooks, known)
	pod := func(change func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: aliceNamespace, Labels: map[string]string{"app": "a"}, OwnerReferences: []metav1.OwnerReference{{UID: "u"}}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}}}}},
		}
		if change != nil {
			change(p)
		}
		return p
	}
	namespace := func(labels map[string]string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: labels}}
	}
	now := metav1.NewTime(time.Unix(1, 0))
	update := write{operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p"}
	for name, test := range map[string]struct {
		write    write
		user     string
		now, was runtime.Object
		want     string
	}{
		"shared account cuts loose": {update, SharedController, pod(func(p *corev1.Pod) { p.OwnerReferences = nil }), pod(nil), ""},
		"shared account changes a request": {update, SharedController, pod(func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse("2")
		}), pod(nil), "tenant"},
		"shared account adds an annotation":   {update, SharedController, pod(func(p *corev1.Pod) { p.Annotations = map[string]string{"k": "v"} }), pod(nil), "tenant"},
		"shared account, dying":               {update, SharedController, pod(func(p *corev1.Pod) { p.Finalizers = nil }), pod(func(p *corev1.Pod) { p.DeletionTimestamp = &now; p.Finalizers = []string{"f"} }), ""},
		"somebody, dying":                     {update, "somebody", pod(nil), pod(func(p *corev1.Pod) { p.DeletionTimestamp = &now }), "tenant"},
		"exec":                                {write{operation: admission.Connect, resource: "pods", subresource: "exec", namespace: aliceNamespace, name: "p"}, "somebody", &corev1.PodExecOptions{Command: []string{"sh"}}, nil, "tenant"},
		"token":                               {write{operation: admission.Create, resource: "serviceaccounts", subresource: "token", namespace: aliceNamespace, name: "s"}, SharedController, &authenticationv1.TokenRequest{}, nil, "tenant"},
		"eviction":                            {write{operation: admission.Create, resource: "pods", subresource: "eviction", namespace: aliceNamespace, name: "p"}, SharedController, &policyv1.Eviction{}, nil, "tenant"},
		"scale":                               {write{operation: admission.Update, group: "apps", resource: "deployments", subresource: "scale", namespace: aliceNamespace, name: "d"}, SharedController, &autoscalingv1.Scale{}, &autoscalingv1.Scale{}, "tenant"},
		"deployment by the shared account":    {write{operation: admission.Update, group: "apps", resource: "deployments", namespace: aliceNamespace, name: "d"}, SharedController, &appsv1.Deployment{}, &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Paused: true}}, "tenant"},
		"namespace gains the label":           {write{operation: admission.Update, resource: "namespaces", namespace: "default", name: "default"}, "somebody", namespace(map[string]string{labelTenant: "x"}), namespace(nil), "namespaces"},
		"namespace loses the label":           {write{operation: admission.Update, resource: "namespaces", namespace: "default", name: "default"}, "somebody", namespace(nil), namespace(map[string]string{labelTenant: "x"}), "namespaces"},
		"namespace of nobody's":               {write{operation: admission.Update, resource: "namespaces", namespace: "default", name: "default"}, "somebody", namespace(nil), namespace(nil), ""},
		"namespace by generated name":         {write{operation: admission.Create, resource: "namespaces"}, "somebody", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "claude-runner-user-"}}, nil, "namespaces"},
		"delete collection of a tenant's own": {write{operation: admission.Delete, resource: "pods", namespace: aliceNamespace}, "local:alice", nil, pod(nil), "tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			w := test.write
			w.user, w.typed, w.oldTyped = test.user, test.now, test.was
			if got := strings.Join(g.called(t, w), "+"); got != test.want {
				t.Errorf("called %q, want %q", got, test.want)
			}
		})
	}
}
