package gpu

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func at(after time.Duration) metav1.Time { return metav1.NewTime(noon.Add(after)) }

func container(amounts corev1.ResourceList) corev1.Container {
	return corev1.Container{Name: "c", Resources: corev1.ResourceRequirements{Requests: amounts, Limits: amounts}}
}

func devices(name corev1.ResourceName, n int64) corev1.ResourceList {
	return corev1.ResourceList{name: *resource.NewQuantity(n, resource.DecimalSI)}
}

func TestDevices(t *testing.T) {
	gpus := func(n int64) corev1.Container { return container(devices("nvidia.com/gpu", n)) }
	sidecar := gpus(1)
	sidecar.RestartPolicy = ptr.To(corev1.ContainerRestartPolicyAlways)
	for name, tt := range map[string]struct {
		spec corev1.PodSpec
		want int64
	}{
		"none":                       {corev1.PodSpec{Containers: []corev1.Container{container(devices("cpu", 4))}}, 0},
		"all containers":             {corev1.PodSpec{Containers: []corev1.Container{gpus(1), gpus(2)}}, 3},
		"a larger init container":    {corev1.PodSpec{InitContainers: []corev1.Container{gpus(4)}, Containers: []corev1.Container{gpus(1)}}, 4},
		"a sidecar beside":           {corev1.PodSpec{InitContainers: []corev1.Container{sidecar}, Containers: []corev1.Container{gpus(2)}}, 3},
		"of any maker":               {corev1.PodSpec{Containers: []corev1.Container{container(devices("example.com/npu", 2))}}, 2},
		"what nodes have themselves": {corev1.PodSpec{Containers: []corev1.Container{container(devices("attachable.kubernetes.io/x", 2))}}, 0},
	} {
		if got := Devices(&corev1.Pod{Spec: tt.spec}); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestHeld(t *testing.T) {
	terminated := func(finished metav1.Time) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: finished}}}}
	}
	start := at(0)
	now := noon.Add(time.Hour)
	for name, tt := range map[string]struct {
		status  corev1.PodStatus
		seconds int64
		ended   bool
	}{
		"not taken by a node":             {corev1.PodStatus{Phase: corev1.PodPending}, 0, false},
		"taken and pulling":               {corev1.PodStatus{Phase: corev1.PodPending, StartTime: &start}, 3600, false},
		"running":                         {corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &start}, 3600, false},
		"a container ended, the Pod not":  {corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &start, ContainerStatuses: terminated(at(time.Minute))}, 3600, false},
		"ended":                           {corev1.PodStatus{Phase: corev1.PodSucceeded, StartTime: &start, ContainerStatuses: terminated(at(10 * time.Minute))}, 600, true},
		"ended and never told when":       {corev1.PodStatus{Phase: corev1.PodFailed, StartTime: &start}, 3600, true},
		"ended, and readiness tells":      {corev1.PodStatus{Phase: corev1.PodFailed, StartTime: &start, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, LastTransitionTime: at(time.Minute)}}}, 60, true},
		"ended before it began, they say": {corev1.PodStatus{Phase: corev1.PodFailed, StartTime: &start, ContainerStatuses: terminated(at(-time.Minute))}, 0, true},
		"refused before a node took it":   {corev1.PodStatus{Phase: corev1.PodFailed}, 0, true},
	} {
		held, ended := Held(&corev1.Pod{Status: tt.status}, now)
		if held.Seconds() != tt.seconds || ended != tt.ended {
			t.Errorf("%s: %d s, ended %v; want %d, %v", name, held.Seconds(), ended, tt.seconds, tt.ended)
		}
	}
}

func TestWithin(t *testing.T) {
	span := func(from, to int) Span {
		return Span{noon.Add(time.Duration(from) * time.Second), noon.Add(time.Duration(to) * time.Second)}
	}
	for _, tt := range []struct {
		a, b Span
		want int64
	}{
		{span(0, 10), span(0, 10), 10}, {span(0, 10), span(5, 20), 5}, {span(5, 20), span(0, 10), 5},
		{span(0, 10), span(10, 20), 0}, {span(0, 10), span(20, 30), 0}, {span(0, 30), span(10, 20), 10},
	} {
		if got := tt.a.Within(tt.b).Seconds(); got != tt.want {
			t.Errorf("%v within %v: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestIntervals(t *testing.T) {
	start := at(30 * time.Minute)
	pod := func(phase corev1.PodPhase, finished time.Duration) *corev1.Pod {
		p := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{container(devices("nvidia.com/gpu", 2))}},
			Status: corev1.PodStatus{Phase: phase, StartTime: &start}}
		p.UID = "u1"
		if finished > 0 {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: at(finished)}}}}
		}
		return p
	}
	list := func(p *corev1.Pod, now time.Duration, gone bool) (ids []string, seconds int64) {
		for _, i := range Intervals(p, noon.Add(now), gone) {
			ids = append(ids, i.ID())
			seconds += i.Seconds() * i.Devices
		}
		return ids, seconds
	}
	const first, second, third = "u1/2026-03-04T12:30:00Z", "u1/2026-03-04T13:00:00Z", "u1/2026-03-04T14:00:00Z"
	for name, tt := range map[string]struct {
		pod     *corev1.Pod
		now     time.Duration
		gone    bool
		ids     []string
		seconds int64
	}{
		"running within its first hour": {pod: pod(corev1.PodRunning, 0), now: 59 * time.Minute},
		"running in its third":          {pod(corev1.PodRunning, 0), 2*time.Hour + time.Minute, false, []string{first, second}, 2 * 5400},
		"ended":                         {pod(corev1.PodSucceeded, 2*time.Hour+time.Minute), 9 * time.Hour, false, []string{first, second, third}, 2 * 5460},
		"gone while it ran":             {pod(corev1.PodRunning, 0), 45 * time.Minute, true, []string{first}, 2 * 900},
		"computed again":                {pod(corev1.PodSucceeded, 2*time.Hour+time.Minute), 20 * time.Hour, true, []string{first, second, third}, 2 * 5460},
	} {
		ids, seconds := list(tt.pod, tt.now, tt.gone)
		if len(ids) != len(tt.ids) || seconds != tt.seconds {
			t.Errorf("%s: %v, %d device seconds; want %v, %d", name, ids, seconds, tt.ids, tt.seconds)
			continue
		}
		for i := range ids {
			if ids[i] != tt.ids[i] {
				t.Errorf("%s: %v, want %v", name, ids, tt.ids)
			}
		}
	}
}
