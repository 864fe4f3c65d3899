package gpu

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
)

// Dimension counts devices times seconds, over a calendar month.
const Dimension = "gpu-seconds"

// Device reports whether a resource is a device: every extended resource is one, whoever
// makes it.
func Device(name corev1.ResourceName) bool {
	domain, _, found := strings.Cut(string(name), "/")
	return found && domain != "kubernetes.io" && !strings.HasSuffix(domain, ".kubernetes.io")
}

// Devices is how many devices a Pod holds.
func Devices(p *corev1.Pod) int64 {
	sum := int64(0)
	for name, amount := range resourcehelper.PodRequests(p, resourcehelper.PodResourcesOptions{}) {
		if Device(name) {
			sum += max(0, amount.Value())
		}
	}
	return sum
}

// Span is a stretch of time; the zero Span is empty.
type Span struct{ From, To time.Time }

// Seconds are whole ones: what a second began is not counted.
func (s Span) Seconds() int64 { return max(0, int64(s.To.Sub(s.From)/time.Second)) }

// Within is the part of a span inside another.
func (s Span) Within(o Span) Span {
	if s.From.Before(o.From) {
		s.From = o.From
	}
	if o.To.Before(s.To) {
		s.To = o.To
	}
	if !s.From.Before(s.To) {
		return Span{}
	}
	return s
}

// Held is how long a Pod has held its devices, up to now where it goes on; ended is true
// when it holds them no more.
func Held(p *corev1.Pod, now time.Time) (held Span, ended bool) {
	ended = p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	if p.Status.StartTime == nil {
		return Span{}, ended
	}
	held = Span{From: p.Status.StartTime.Time, To: now}
	if ended {
		held.To = end(p, now)
	}
	if held.To.Before(held.From) {
		held.To = held.From
	}
	return held, ended
}

// end is when the last container of a Pod that ended did; a node that never said so leaves
// it to when the Pod's readiness was last told.
func end(p *corev1.Pod, now time.Time) time.Time {
	var last time.Time
	for _, c := range p.Status.ContainerStatuses {
		if t := c.State.Terminated; t != nil && t.FinishedAt.After(last) {
			last = t.FinishedAt.Time
		}
	}
	if !last.IsZero() {
		return last
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.LastTransitionTime.After(last) {
			last = c.LastTransitionTime.Time
		}
	}
	if last.IsZero() {
		return now
	}
	return last
}
