package session

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// act does what a plan asks for.
func (r *reconciler) act(ctx context.Context, w *world, a action) error {
	switch a {
	case actCreate:
		return r.create(ctx, w)
	case actDelete:
		// In the foreground the Job is there until its Pods are not.
		err := r.Live.Delete(ctx, w.job, client.PropagationPolicy(metav1.DeletePropagationForeground), client.Preconditions{UID: &w.job.UID})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete job %s/%s: %w", w.job.Namespace, w.job.Name, err)
		}
	case actDeletePods:
		for i := range w.pods {
			p := &w.pods[i]
			if err := r.Live.Delete(ctx, p, client.Preconditions{UID: &p.UID}); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("delete pod %s/%s: %w", p.Namespace, p.Name, err)
			}
		}
	}
	return nil
}

// create makes the session's Job. A refusal is no error: it is noted in the world, and is
// what the session says.
func (r *reconciler) create(ctx context.Context, w *world) error {
	s := w.session
	err := r.Live.Create(ctx, newJob(s, w.seconds, r.Sessions))
	switch {
	case err == nil:
		return nil
	case apierrors.IsAlreadyExists(err):
		own, failed := r.jobOf(ctx, r.Live, s)
		if own != nil || failed != nil {
			return errors.Join(err, failed) // it is found at the next look
		}
		w.refused = fmt.Sprintf("another Job named %s is in the way", jobName(s.Name))
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return fmt.Errorf("create job of session %s/%s: %w", s.Namespace, s.Name, err)
	case apierrors.IsForbidden(err):
		w.refused = err.Error()
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		w.refused, w.final = err.Error(), true
	default:
		return fmt.Errorf("create job of session %s/%s: %w", s.Namespace, s.Name, err)
	}
	w.waiting = refusalPause
	return nil
}

// tell records what a person should see in the session's events: each new phase, and each
// new reason not to start.
func (r *reconciler) tell(s *researchv1.ResearchSession, now researchv1.ResearchSessionStatus) {
	if s.Status.Phase == now.Phase && s.Status.Message == now.Message {
		return
	}
	kind := corev1.EventTypeNormal
	if now.Phase == researchv1.PhaseFailed || now.Phase == researchv1.PhaseError || now.Phase == researchv1.PhasePending {
		kind = corev1.EventTypeWarning
	}
	r.Events.Eventf(s, nil, kind, string(now.Phase), "Run", "%s", cut(now.Message, longestMessage))
}
