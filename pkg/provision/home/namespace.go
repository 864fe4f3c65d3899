package home

import (
	"maps"

	"k8s.io/apimachinery/pkg/util/validation"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Namespace is the tenant's namespace itself.
func Namespace(s Spec) *corev1ac.NamespaceApplyConfiguration {
	return corev1ac.Namespace(s.Namespace).WithLabels(NamespaceLabels(s)).WithAnnotations(s.annotations())
}

// NamespaceLabels are the labels that selectors, guards and Pod Security read.
func NamespaceLabels(s Spec) map[string]string {
	labels := s.labels()
	maps.Copy(labels, map[string]string{
		v1alpha1.LabelOrganization: value(s.Organization),
		v1alpha1.LabelTier:         value(s.Tier),
	})
	for _, mode := range []string{"enforce", "warn", "audit"} {
		labels["pod-security.kubernetes.io/"+mode] = "restricted"
		// Said, so that an older one is put back: it would enforce what was known then.
		labels["pod-security.kubernetes.io/"+mode+"-version"] = "latest"
	}
	return labels
}

// value leaves out a name that no label can carry, and so no Organization or Tier: the
// namespace must come to be, its condition says what is missing.
func value(name string) string {
	if len(validation.IsValidLabelValue(name)) > 0 {
		return ""
	}
	return name
}
