package provision

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Reasons of the Ready condition.
const (
	ReasonReady                = "Ready"
	ReasonOrganizationMissing  = "OrganizationMissing"
	ReasonTierMissing          = "TierMissing"
	ReasonTierNotGranted       = "TierNotGranted"
	ReasonModelMissing         = "ModelMissing"
	ReasonNamespaceTaken       = "NamespaceTaken"
	ReasonNamespaceTerminating = "NamespaceTerminating"
	ReasonWaiting              = "Waiting"
	ReasonFailed               = "Failed"
)

// standing is what is said about an object: ready, or a reason and what to do about it
// in words.
type standing struct {
	ready           bool
	reason, message string
}

func (s standing) set(conditions *[]metav1.Condition, generation int64) {
	status := metav1.ConditionFalse
	if s.ready {
		status = metav1.ConditionTrue
	}
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: status, ObservedGeneration: generation,
		Reason: s.reason, Message: s.message,
	})
}
