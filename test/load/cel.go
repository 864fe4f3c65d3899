package main

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/test/floor"
	fifteen "gatehouse.dev/gatehouse/test/rivals"
)

// The namespaces that one side of a comparison writes to.
const (
	withFloor = "load-floor"
	withCEL   = "load-cel"
)

// rivals puts the floor's webhooks before one namespace, and the rules in CEL before
// another.
func rivals(ctx context.Context, kube kubernetes.Interface, at floor.Address) error {
	for _, name := range []string{nobodys, withFloor, withCEL} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"load": name}}}
		if _, err := kube.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}
	if err := floor.Register(ctx, kube, at, selects(withFloor)); err != nil {
		return err
	}
	for _, rule := range fifteen.Rules() {
		name := "load-" + rule.Name
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: ptr.To(admissionregistrationv1.Fail),
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: selects(withCEL),
				ResourceRules:     []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: floor.Writes("", "pods")}},
			},
			Variables:   []admissionregistrationv1.Variable{{Name: "all", Expression: fifteen.All}},
			Validations: []admissionregistrationv1.Validation{{Expression: rule.CEL, Message: "not this"}},
		}}
		binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		}}
		if _, err := kube.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("policy %s: %w", name, err)
		}
		if _, err := kube.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("binding %s: %w", name, err)
		}
	}
	return nil
}

func selects(namespace string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"load": namespace}}
}
