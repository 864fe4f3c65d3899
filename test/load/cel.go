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

	fifteen "gatehouse.dev/gatehouse/test/rivals"
)

// The namespaces that one side of a comparison writes to.
const (
	withFloor = "load-floor"
	withCEL   = "load-cel"
)

// rivals puts the floor's webhooks before one namespace, and the rules in CEL before
// another.
func rivals(ctx context.Context, kube kubernetes.Interface, at address) error {
	for _, name := range []string{nobodys, withFloor, withCEL} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"load": name}}}
		if _, err := kube.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}
	if err := floorWebhooks(ctx, kube, at); err != nil {
		return err
	}
	for _, rule := range fifteen.Rules() {
		name := "load-" + rule.Name
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: ptr.To(admissionregistrationv1.Fail),
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: selects(withCEL),
				ResourceRules:     []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: everyWrite("pods")}},
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

func floorWebhooks(ctx context.Context, kube kubernetes.Interface, at address) error {
	client := func(path string) admissionregistrationv1.WebhookClientConfig {
		return admissionregistrationv1.WebhookClientConfig{URL: ptr.To(at.URL + path), CABundle: pemOf(at.CA)}
	}
	rules := []admissionregistrationv1.RuleWithOperations{everyWrite("*/*")}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "load-floor"}, Webhooks: []admissionregistrationv1.MutatingWebhook{{
		Name: "mutate.floor.example.com", ClientConfig: client("/mutate"), Rules: rules, NamespaceSelector: selects(withFloor),
		SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr.To[int32](5),
	}}}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "load-floor"}, Webhooks: []admissionregistrationv1.ValidatingWebhook{{
		Name: "validate.floor.example.com", ClientConfig: client("/validate"), Rules: rules, NamespaceSelector: selects(withFloor),
		SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr.To[int32](5),
	}}}
	admission := kube.AdmissionregistrationV1()
	// Those of a run that was cut off call a floor that is gone.
	for _, err := range []error{
		admission.MutatingWebhookConfigurations().Delete(ctx, mutating.Name, metav1.DeleteOptions{}),
		admission.ValidatingWebhookConfigurations().Delete(ctx, validating.Name, metav1.DeleteOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("webhooks of the floor: %w", err)
		}
	}
	if _, err := admission.MutatingWebhookConfigurations().Create(ctx, mutating, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("webhook of the floor: %w", err)
	}
	if _, err := admission.ValidatingWebhookConfigurations().Create(ctx, validating, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("webhook of the floor: %w", err)
	}
	return nil
}

func selects(namespace string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"load": namespace}}
}

func everyWrite(resource string) admissionregistrationv1.RuleWithOperations {
	groups := []string{"*"}
	if resource == "pods" {
		groups = []string{""}
	}
	return admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
		Rule:       admissionregistrationv1.Rule{APIGroups: groups, APIVersions: []string{"*"}, Resources: []string{resource}},
	}
}
