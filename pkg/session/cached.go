package session

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// Cached says what of sessions, their Jobs and Pods is kept in memory: conversations and
// prompts are long, and a tenant's other Jobs are none of ours. Her other Pods are counted,
// so that what each of them requests is kept.
func Cached() map[client.Object]cache.ByObject {
	selector := labels.SelectorFromSet(labels.Set{labelApp: app})
	return map[client.Object]cache.ByObject{
		&researchv1.ResearchSession{}: {Transform: slimSession},
		&batchv1.Job{}:                {Label: selector, Transform: slimJob},
		&corev1.Pod{}:                 {Transform: slimPod},
	}
}

// slimSession keeps what says whether there is something to do. The SpecHash of a cached
// session is that of its present spec.
func slimSession(o any) (any, error) {
	s, ok := o.(*researchv1.ResearchSession)
	if !ok {
		return o, nil
	}
	hash, err := specHash(s.Spec)
	if err != nil {
		return nil, err
	}
	s.ManagedFields, s.Annotations = nil, nil
	s.Spec = researchv1.ResearchSessionSpec{Stopped: s.Spec.Stopped}
	s.Status = researchv1.ResearchSessionStatus{Phase: s.Status.Phase, SpecHash: hash}
	return s, nil
}

func slimJob(o any) (any, error) {
	if j, ok := o.(*batchv1.Job); ok {
		j.ManagedFields, j.Annotations = nil, nil
		j.Spec = batchv1.JobSpec{ActiveDeadlineSeconds: j.Spec.ActiveDeadlineSeconds}
	}
	return o, nil
}

func slimPod(o any) (any, error) {
	if p, ok := o.(*corev1.Pod); ok {
		p.ManagedFields, p.Annotations = nil, nil
		p.Spec = corev1.PodSpec{
			InitContainers: slimContainers(p.Spec.InitContainers), Containers: slimContainers(p.Spec.Containers),
			Overhead: p.Spec.Overhead, Resources: p.Spec.Resources,
		}
	}
	return o, nil
}

func slimContainers(list []corev1.Container) []corev1.Container {
	out := make([]corev1.Container, 0, len(list))
	for _, c := range list {
		out = append(out, corev1.Container{Name: c.Name, Resources: c.Resources, RestartPolicy: c.RestartPolicy})
	}
	return out
}

// matters leaves out the updates of sessions that ask for nothing: each message of a
// conversation is one.
func matters() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*researchv1.ResearchSession)
		after, also := e.ObjectNew.(*researchv1.ResearchSession)
		return !ok || !also || before.UID != after.UID ||
			before.Status.Phase != after.Status.Phase || before.Status.SpecHash != after.Status.SpecHash ||
			ptrTrue(before.Spec.Stopped) != ptrTrue(after.Spec.Stopped)
	}}
}
