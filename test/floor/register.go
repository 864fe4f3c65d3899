package floor

import (
	"context"
	"encoding/pem"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// name of the floor's webhook configurations.
const name = "floor"

// Register has the API server ask the floor about every create and update in namespaces,
// mutating and validating, in place of a floor that was registered before.
func Register(ctx context.Context, kube kubernetes.Interface, at Address, namespaces *metav1.LabelSelector) error {
	client := func(path string) admissionregistrationv1.WebhookClientConfig {
		return admissionregistrationv1.WebhookClientConfig{URL: ptr.To(at.URL + path), CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: at.CA})}
	}
	rules := []admissionregistrationv1.RuleWithOperations{Writes("*", "*/*")}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionregistrationv1.MutatingWebhook{{
		Name: "mutate.floor.example.com", ClientConfig: client("/mutate"), Rules: rules, NamespaceSelector: namespaces,
		SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr.To[int32](5),
	}}}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionregistrationv1.ValidatingWebhook{{
		Name: "validate.floor.example.com", ClientConfig: client("/validate"), Rules: rules, NamespaceSelector: namespaces,
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

// Writes are creates and updates of a resource in namespaces, in every version. What has no
// namespace is never meant: no selector of namespaces would keep the API server from asking
// about it.
func Writes(group, resource string) admissionregistrationv1.RuleWithOperations {
	return admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"*"}, Resources: []string{resource}, Scope: ptr.To(admissionregistrationv1.NamespacedScope)},
	}
}
