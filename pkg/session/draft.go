package session

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// Reasons of the conditions.
const (
	ReasonQueued         = "Queued"
	ReasonPromoted       = "Promoted"
	ReasonJobCreated     = "JobCreated"
	ReasonJobRefused     = "JobRefused"
	ReasonJobDeleted     = "JobDeleted"
	ReasonPodsRefused    = "PodsRefused"
	ReasonUnschedulable  = "Unschedulable"
	ReasonImage          = "ImageNotPulled"
	ReasonContainer      = "ContainerNotStarted"
	ReasonRunning        = "Running"
	ReasonCompleted      = "Completed"
	ReasonFailed         = "RunFailed"
	ReasonTimeout        = "Timeout"
	ReasonJobLost        = "JobLost"
	ReasonStopping       = "Stopping"
	ReasonStopped        = "Stopped"
	ReasonSpecApplied    = "Applied"
	ReasonSpecNotApplied = "ChangedAfterStart"
)

// longestMessage bounds what others wrote and we repeat, in bytes.
const longestMessage = 1024

func (d *draft) set(kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&d.status.Conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(d.now.Truncate(second)),
	})
}

func (d *draft) condition(kind string) *metav1.Condition {
	return meta.FindStatusCondition(d.status.Conditions, kind)
}

// say sets the phase of a session that has not run yet, and why it has not.
func (d *draft) say(phase researchv1.Phase, reason, message string) {
	message = cut(message, longestMessage)
	d.status.Phase, d.status.Message = phase, message
	if c := d.condition(researchv1.ConditionStarted); c == nil || c.Status != metav1.ConditionTrue {
		// The condition tells since when this very reason holds.
		if c != nil && c.Reason != reason {
			meta.RemoveStatusCondition(&d.status.Conditions, researchv1.ConditionStarted)
		}
		d.set(researchv1.ConditionStarted, metav1.ConditionFalse, reason, message)
	}
}

// started notes when the first Pod ran, if that is known; the first word on that stays.
func (d *draft) started(at *metav1.Time, message string) {
	if d.status.StartTime == nil && at != nil {
		d.status.StartTime = at.DeepCopy()
	}
	d.set(researchv1.ConditionStarted, metav1.ConditionTrue, ReasonRunning, cut(message, longestMessage))
}

// over ends a session.
func (d *draft) over(phase researchv1.Phase, reason, message string) {
	message = cut(message, longestMessage)
	d.status.Phase, d.status.Message = phase, message
	if d.status.CompletionTime == nil {
		now := metav1.NewTime(d.now.Truncate(second))
		d.status.CompletionTime = &now
	}
	d.set(researchv1.ConditionFinished, metav1.ConditionTrue, reason, message)
}

// compare says whether spec is still what the session was started with.
func (d *draft) compare() {
	if d.status.SpecHash == d.hash {
		d.set(researchv1.ConditionSpecApplied, metav1.ConditionTrue, ReasonSpecApplied, "spec is what the session was started with")
		return
	}
	d.set(researchv1.ConditionSpecApplied, metav1.ConditionFalse, ReasonSpecNotApplied,
		"spec was changed after the start; the session goes on with what it was started with, make another one for what spec says now")
}
