package session

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// A Job without Pods is asked about at once and then less and less often.
const (
	firstLook = time.Second
	lastLook  = 30 * time.Second
)

// failedCreate is the reason of the job controller's events about Pods that it may not
// make.
const failedCreate = "FailedCreate"

// look gathers what there is to know of a session, nil when there is nothing to do.
func (r *reconciler) look(ctx context.Context, seen *researchv1.ResearchSession) (*world, error) {
	key := client.ObjectKeyFromObject(seen)
	job, err := r.jobOf(ctx, r.cache, seen)
	if err != nil {
		return nil, err
	}
	// Nobody looks at what is over, unless it was stopped and may run on.
	stop := seen.Status.Phase == researchv1.PhaseStopped || ptrTrue(seen.Spec.Stopped)
	if !seen.DeletionTimestamp.IsZero() || seen.Status.Phase.Terminal() && (!stop || job == nil) {
		return nil, nil
	}
	s := &researchv1.ResearchSession{}
	if err := r.Live.Get(ctx, key, s); err != nil || !s.DeletionTimestamp.IsZero() {
		return nil, client.IgnoreNotFound(err)
	}
	w := &world{session: s, job: job}
	if job == nil || !metav1.IsControlledBy(job, s) {
		if w.job, err = r.jobOf(ctx, r.Live, s); err != nil {
			return nil, err
		}
	}
	if w.hash, err = specHash(s.Spec); err != nil {
		return nil, err
	}
	if w.pods, err = r.podsOf(ctx, s, w.job); err != nil {
		return nil, err
	}
	if w.job == nil {
		limits, err := r.Limits(ctx, s.Namespace)
		if err != nil {
			return nil, fmt.Errorf("limits of session %s/%s: %w", s.Namespace, s.Name, err)
		}
		w.seconds, w.shortened = deadline(s.Spec.Timeout, boundOf(limits, r.Sessions.MaxTimeout.Duration))
	}
	return w, r.idle(ctx, w)
}

// jobOf is the session's own Job; another one of that name is not.
func (r *reconciler) jobOf(ctx context.Context, from client.Reader, s *researchv1.ResearchSession) (*batchv1.Job, error) {
	job := &batchv1.Job{}
	err := from.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: jobName(s.Name)}, job)
	if apierrors.IsNotFound(err) || err == nil && !metav1.IsControlledBy(job, s) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("job %s/%s: %w", s.Namespace, jobName(s.Name), err)
	}
	return job, nil
}

// podsOf are the Pods of the session's Job. Of a Job that is gone, they are those that
// nothing owns any more: an orphaning deletion left them.
func (r *reconciler) podsOf(ctx context.Context, s *researchv1.ResearchSession, job *batchv1.Job) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := r.cache.List(ctx, &list, client.InNamespace(s.Namespace), client.MatchingLabels{LabelSession: s.Name}); err != nil {
		return nil, fmt.Errorf("pods of session %s/%s: %w", s.Namespace, s.Name, err)
	}
	var out []corev1.Pod
	for _, p := range list.Items {
		owner := metav1.GetControllerOf(&p)
		switch {
		case job != nil && owner != nil && owner.UID == job.UID:
			out = append(out, p)
		case job == nil && (owner == nil || owner.Kind == "Job" && owner.Name == jobName(s.Name)) && !p.CreationTimestamp.Before(&s.CreationTimestamp):
			out = append(out, p)
		}
	}
	return out, nil
}

// idle finds out why a Job makes no Pods: it stands in the job controller's events and
// nowhere else.
func (r *reconciler) idle(ctx context.Context, w *world) error {
	if w.job == nil || finished(w.job) || !w.job.DeletionTimestamp.IsZero() || len(w.pods) > 0 {
		return nil
	}
	age := r.now().Sub(w.job.CreationTimestamp.Time)
	w.waiting = min(max(firstLook, age/4), lastLook)
	if age < firstLook {
		return nil
	}
	var list corev1.EventList
	about := fields.SelectorFromSet(fields.Set{"involvedObject.uid": string(w.job.UID), "reason": failedCreate})
	if err := r.Live.List(ctx, &list, client.InNamespace(w.job.Namespace), client.MatchingFieldsSelector{Selector: about}); err != nil {
		return fmt.Errorf("events of job %s/%s: %w", w.job.Namespace, w.job.Name, err)
	}
	newest := time.Time{}
	for _, e := range list.Items {
		if at := lastSeen(e); !at.Before(newest) {
			newest, w.refused = at, e.Message
		}
	}
	return nil
}

// lastSeen is when an event was told last, in either of the two forms.
func lastSeen(e corev1.Event) time.Time {
	if e.Series != nil {
		return e.Series.LastObservedTime.Time
	}
	if !e.LastTimestamp.IsZero() {
		return e.LastTimestamp.Time
	}
	return e.EventTime.Time
}
