package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

const (
	// conflictPause is how soon a session is looked at again that another writer was
	// faster with.
	conflictPause = 50 * time.Millisecond
	// refusalPause is how soon a refused Job is tried again.
	refusalPause = 5 * time.Second
)

// reconciler carries plans out.
type reconciler struct {
	Options
	settings
	cache client.Reader
	now   func() time.Time
}

// Reconcile looks at one session: the cache says whether there is anything to do, the
// session itself is read as it is.
func (r *reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	seen := &researchv1.ResearchSession{}
	if err := r.cache.Get(ctx, req.NamespacedName, seen); err != nil || !r.tenants(req.Namespace) {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	w, err := r.look(ctx, seen)
	if err != nil || w == nil {
		return reconcile.Result{}, err
	}
	if err := r.promote(ctx, w); err != nil {
		return r.retry(err)
	}
	now := r.now()
	status, act := plan(*w, now, r.settings)
	if err := r.act(ctx, w, act); err != nil {
		return r.retry(err)
	}
	if w.refused != "" {
		status, _ = plan(*w, now, r.settings)
	}
	if err := r.write(ctx, w.session, status); err != nil {
		return r.retry(err)
	}
	if status.Phase.Terminal() {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{RequeueAfter: w.waiting}, nil
}

// retry turns what another writer caused into a quiet second look; what is gone needs none.
func (r *reconciler) retry(err error) (reconcile.Result, error) {
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), errors.Is(err, quota.ErrConflict), errors.Is(err, quota.ErrFull):
		return reconcile.Result{RequeueAfter: conflictPause}, nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return reconcile.Result{RequeueAfter: refusalPause}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(err)
}

// write brings the status of the session that was read to what is wanted.
func (r *reconciler) write(ctx context.Context, s *researchv1.ResearchSession, status researchv1.ResearchSessionStatus) error {
	patch, err := statusPatch(s, status)
	if err != nil || patch == nil {
		return err
	}
	target := &researchv1.ResearchSession{}
	target.Namespace, target.Name = s.Namespace, s.Name
	if err := r.Live.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("session %s/%s: write status: %w", s.Namespace, s.Name, err)
	}
	r.tell(s, status)
	// Not the message: it may quote what the tenant's own program said.
	log.FromContext(ctx).Info("session", "phase", status.Phase, "was", s.Status.Phase, "ageMilliseconds", time.Since(s.CreationTimestamp.Time).Milliseconds())
	return nil
}
