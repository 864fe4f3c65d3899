package floor

import (
	"context"
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
	rules := []admissionregistrationv1.RuleWithOperations{Writes("*", "*/*")}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionregistrationv1.MutatingWebhook{{
		Name: "mutate.floor.example.com", ClientConfig: at.client("/mutate"), Rules: rules, NamespaceSelector: namespaces,
		SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr.To[int32](5),
	}}}
	configurations := kube.AdmissionregistrationV1().MutatingWebhookConfigurations()
	// That of a run that was cut off calls a floor that is gone.
	if err := configurations.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("webhook of the floor: %w", err)
	}
	if _, err := configurations.Create(ctx, mutating, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("webhook of the floor: %w", err)
	}
	return at.Validating(ctx, kube, name, "/validate", namespaces, rules...)
}

// Validating has the API server ask a webhook at a path about some writes in namespaces, in place of
// one of that name that was registered before.
func (a Address) Validating(ctx context.Context, kube kubernetes.Interface, name, path string, namespaces *metav1.LabelSelector, rules ...admissionregistrationv1.RuleWithOperations) error {
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionregistrationv1.ValidatingWebhook{{
		Name: "validate." + name + ".example.com", ClientConfig: a.client(path), Rules: rules, NamespaceSelector: namespaces,
		SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr.To[int32](5),
	}}}
	configurations := kube.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if err := configurations.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("webhook %s: %w", name, err)
	}
	if _, err := configurations.Create(ctx, validating, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("webhook %s: %w", name, err)
	}
	return nil
}

func (a Address) client(path string) admissionregistrationv1.WebhookClientConfig {
	return admissionregistrationv1.WebhookClientConfig{URL: ptr.To(a.URL + path), CABundle: a.CA}
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
