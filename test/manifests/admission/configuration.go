package admission

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

const (
	// configurationName is the name of both configurations.
	configurationName = "gatehouse"
	// timeoutSeconds is how long the API server waits for an answer.
	timeoutSeconds = 5
	// mutatePrefix tells a mutating webhook's name from the validating one's.
	mutatePrefix = "mutate-"
)

// Mutating is the configuration that seals objects.
func Mutating(i installation.Installation) *admissionregistrationv1.MutatingWebhookConfiguration {
	c := &admissionregistrationv1.MutatingWebhookConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "MutatingWebhookConfiguration"},
		ObjectMeta: metav1.ObjectMeta{Name: configurationName},
	}
	for _, entry := range Entries(i) {
		c.Webhooks = append(c.Webhooks, admissionregistrationv1.MutatingWebhook{
			Name:                    mutatePrefix + entry.Name,
			ClientConfig:            service(i, "/mutate/"+entry.Path),
			Rules:                   rulesOf(entry, admissionregistrationv1.Create, admissionregistrationv1.Update),
			FailurePolicy:           ptr.To(admissionregistrationv1.Fail),
			MatchPolicy:             ptr.To(admissionregistrationv1.Equivalent),
			NamespaceSelector:       entry.Selector.DeepCopy(),
			SideEffects:             ptr.To(admissionregistrationv1.SideEffectClassNoneOnDryRun),
			TimeoutSeconds:          ptr.To[int32](timeoutSeconds),
			AdmissionReviewVersions: []string{"v1"},
			ReinvocationPolicy:      ptr.To(admissionregistrationv1.IfNeededReinvocationPolicy),
			MatchConditions:         MatchConditions(i, entry),
		})
	}
	return c
}

// Validating is the configuration that decides.
func Validating(i installation.Installation) *admissionregistrationv1.ValidatingWebhookConfiguration {
	c := &admissionregistrationv1.ValidatingWebhookConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingWebhookConfiguration"},
		ObjectMeta: metav1.ObjectMeta{Name: configurationName},
	}
	for _, entry := range Entries(i) {
		c.Webhooks = append(c.Webhooks, admissionregistrationv1.ValidatingWebhook{
			Name:                    entry.Name,
			ClientConfig:            service(i, "/validate/"+entry.Path),
			Rules:                   rulesOf(entry, admissionregistrationv1.OperationAll),
			FailurePolicy:           ptr.To(admissionregistrationv1.Fail),
			MatchPolicy:             ptr.To(admissionregistrationv1.Equivalent),
			NamespaceSelector:       entry.Selector.DeepCopy(),
			SideEffects:             ptr.To(admissionregistrationv1.SideEffectClassNoneOnDryRun),
			TimeoutSeconds:          ptr.To[int32](timeoutSeconds),
			AdmissionReviewVersions: []string{"v1"},
			MatchConditions:         MatchConditions(i, entry),
		})
	}
	return c
}

func service(i installation.Installation, path string) admissionregistrationv1.WebhookClientConfig {
	return admissionregistrationv1.WebhookClientConfig{
		Service: &admissionregistrationv1.ServiceReference{
			Namespace: i.SystemNamespace,
			Name:      "gatehouse-webhook",
			Path:      ptr.To(path),
			Port:      ptr.To[int32](443),
		},
	}
}

func rulesOf(entry Entry, operations ...admissionregistrationv1.OperationType) []admissionregistrationv1.RuleWithOperations {
	var all []admissionregistrationv1.RuleWithOperations
	for _, r := range entry.Resources {
		all = append(all, admissionregistrationv1.RuleWithOperations{
			Operations: operations,
			Rule: admissionregistrationv1.Rule{
				APIGroups:   r.Groups,
				APIVersions: []string{"*"},
				Resources:   r.Resources,
				Scope:       ptr.To(entry.Scope),
			},
		})
	}
	return all
}
