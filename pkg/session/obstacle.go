package session

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// blocked is why a session's Pods do not run; the zero value is nothing known.
type blocked struct{ reason, message string }

// imageReasons are what a kubelet says of a container whose image it does not get.
var imageReasons = map[string]bool{
	"ErrImagePull": true, "ImagePullBackOff": true, "InvalidImageName": true, "ErrImageNeverPull": true,
	"ImageInspectError": true, "RegistryUnavailable": true, "SignatureValidationFailed": true,
}

// waits are what a kubelet says of a container that is merely on its way.
var waits = map[string]bool{"ContainerCreating": true, "PodInitializing": true, "": true}

// obstacle finds what keeps Pods from running.
func obstacle(pods []corev1.Pod) blocked {
	for i := range pods {
		if b := obstacleOf(&pods[i]); b.reason != "" {
			return b
		}
	}
	return blocked{}
}

func obstacleOf(p *corev1.Pod) blocked {
	if p.Status.Phase != corev1.PodPending && p.Status.Phase != "" {
		return blocked{}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return blocked{ReasonUnschedulable, fmt.Sprintf("no node takes its Pod %s: %s: %s", p.Name, c.Reason, c.Message)}
		}
	}
	for _, c := range p.Status.ContainerStatuses {
		w := c.State.Waiting
		switch {
		case w == nil || waits[w.Reason]:
		case imageReasons[w.Reason]:
			return blocked{ReasonImage, fmt.Sprintf("image %s of its Pod %s was not pulled: %s: %s", c.Image, p.Name, w.Reason, w.Message)}
		default:
			return blocked{ReasonContainer, fmt.Sprintf("container %s of its Pod %s does not start: %s: %s", c.Name, p.Name, w.Reason, w.Message)}
		}
	}
	return blocked{}
}

// began is when the first of the Pods that run began to, nil when none runs.
func began(pods []corev1.Pod) *metav1.Time {
	var first *metav1.Time
	for i := range pods {
		if pods[i].Status.Phase != corev1.PodRunning {
			continue
		}
		at := pods[i].Status.StartTime
		if at == nil {
			at = &pods[i].CreationTimestamp
		}
		if first == nil || at.Before(first) {
			first = at
		}
	}
	return first
}

// alive reports whether one of the Pods may still run.
func alive(pods []corev1.Pod) bool {
	for i := range pods {
		if phase := pods[i].Status.Phase; phase != corev1.PodSucceeded && phase != corev1.PodFailed {
			return true
		}
	}
	return false
}
