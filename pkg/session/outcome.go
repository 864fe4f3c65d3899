package session

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// longestLog bounds what a failed run said last, as Claude Runner's operator did, in bytes.
const longestLog = 500

// outcome is how a finished Job ended.
type outcome struct {
	phase           researchv1.Phase
	reason, message string
	// began is nil when it is not known that anything ran.
	began, ended *metav1.Time
}

// condition is a Job's condition that is True, or nil.
func condition(job *batchv1.Job, kind batchv1.JobConditionType) *batchv1.JobCondition {
	if job == nil {
		return nil
	}
	for i := range job.Status.Conditions {
		if c := &job.Status.Conditions[i]; c.Type == kind && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// finished reports whether a Job is over and none of its Pods runs any more.
func finished(job *batchv1.Job) bool {
	return condition(job, batchv1.JobComplete) != nil || condition(job, batchv1.JobFailed) != nil
}

// outcomeOf reads a finished Job; said is what its session said last.
func outcomeOf(job *batchv1.Job, pods []corev1.Pod, said string) outcome {
	if c := condition(job, batchv1.JobComplete); c != nil {
		o := outcome{phase: researchv1.PhaseCompleted, reason: ReasonCompleted, message: "it ran to its end",
			began: job.Status.StartTime, ended: job.Status.CompletionTime}
		if o.ended == nil {
			o.ended = c.LastTransitionTime.DeepCopy()
		}
		return o
	}
	c := condition(job, batchv1.JobFailed)
	o := outcome{phase: researchv1.PhaseFailed, ended: c.LastTransitionTime.DeepCopy()}
	if job.Status.Failed > 0 && ran(pods) {
		o.began = job.Status.StartTime
	}
	if c.Reason == batchv1.JobReasonDeadlineExceeded {
		o.reason = ReasonTimeout
		o.message = joined(fmt.Sprintf("it did not end within its %d s", seconds(job)), said)
		return o
	}
	o.reason, o.message = ReasonFailed, joined(c.Message, last(pods))
	return o
}

func seconds(job *batchv1.Job) int64 {
	if s := job.Spec.ActiveDeadlineSeconds; s != nil {
		return *s
	}
	return 0
}

// ran reports whether a container of the Pods ever ran.
func ran(pods []corev1.Pod) bool {
	for i := range pods {
		for _, c := range pods[i].Status.ContainerStatuses {
			if c.State.Terminated != nil && !c.State.Terminated.StartedAt.IsZero() {
				return true
			}
		}
	}
	return false
}

// last is how the newest Pod that failed ended, with what it said last.
func last(pods []corev1.Pod) string {
	var newest *corev1.Pod
	for i := range pods {
		p := &pods[i]
		if p.Status.Phase == corev1.PodFailed && (newest == nil || newest.CreationTimestamp.Before(&p.CreationTimestamp)) {
			newest = p
		}
	}
	if newest == nil {
		return ""
	}
	for _, c := range newest.Status.ContainerStatuses {
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return joined(fmt.Sprintf("the last try exited %d (%s)", t.ExitCode, t.Reason), cut(t.Message, longestLog))
		}
	}
	return joined(newest.Status.Reason, cut(newest.Status.Message, longestLog))
}
