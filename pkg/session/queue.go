package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

const (
	// headPause is how soon the first of a queue asks for a place again: a place that
	// another tenant of the organization gave back, or one that the ledger has not seen to
	// be free yet, is told by no event.
	headPause = time.Second
	// queuePause is how soon one further behind looks where it stands.
	queuePause = 15 * time.Second
)

// queued lists the sessions of a namespace that wait, in the order of their turns.
func (r *reconciler) queued(ctx context.Context, namespace string) ([]researchv1.ResearchSession, error) {
	var list researchv1.ResearchSessionList
	if err := r.cache.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("queued sessions of %s: %w", namespace, err)
	}
	out := slices.DeleteFunc(list.Items, func(s researchv1.ResearchSession) bool {
		return s.Status.Phase != researchv1.PhaseQueued || ptrTrue(s.Spec.Stopped) || !s.DeletionTimestamp.IsZero()
	})
	slices.SortFunc(out, func(a, b researchv1.ResearchSession) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

// promote asks for a place for a queued session whose turn it is. The place is the
// ledger's to give; the patch that follows takes it, from the very version that was read.
func (r *reconciler) promote(ctx context.Context, w *world) error {
	s := w.session
	if s.Status.Phase != researchv1.PhaseQueued || ptrTrue(s.Spec.Stopped) || w.job != nil {
		return nil
	}
	queue, err := r.queued(ctx, s.Namespace)
	if err != nil {
		return err
	}
	w.ahead = max(0, slices.IndexFunc(queue, func(q researchv1.ResearchSession) bool { return q.UID == s.UID }))
	if w.ahead > 0 {
		w.waiting = queuePause
		return nil
	}
	decision, err := r.Promote(ctx, s)
	if err != nil {
		return fmt.Errorf("place for session %s/%s: %w", s.Namespace, s.Name, err)
	}
	w.promoted = decision.Reserved()
	if !w.promoted {
		w.waiting = headPause
		x := decision.Exceeded[0]
		used := x.Used.DeepCopy()
		used.Add(x.Reserved)
		w.full = fmt.Sprintf("limit %s of %s (%s), used %s", x.Limit.String(), x.Dimension, x.Scope, used.String())
		if x.Missing {
			w.full = "nobody limits " + x.Dimension
		}
	}
	return nil
}

// queue says where a session stands, or that its turn has come.
func (d *draft) queue() {
	switch {
	case d.promoted:
		d.say(researchv1.PhasePending, ReasonPromoted, "its turn has come")
	case d.ahead > 0:
		d.say(researchv1.PhaseQueued, ReasonQueued, fmt.Sprintf("it waits for its turn, %d before it", d.ahead))
	case d.full != "":
		d.say(researchv1.PhaseQueued, ReasonQueued, "it is the next one and waits for a place: "+d.full)
	}
}

// next is the session of the same namespace whose turn may have come.
func (r *reconciler) next(ctx context.Context, o client.Object) []reconcile.Request {
	queue, err := r.queued(ctx, o.GetNamespace())
	if err != nil || len(queue) == 0 {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKeyFromObject(&queue[0])}}
}

// gives lets through what gives a place back, or takes a session out of the queue.
func gives() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*researchv1.ResearchSession)
			after, also := e.ObjectNew.(*researchv1.ResearchSession)
			return ok && also && (before.Status.Phase != after.Status.Phase || ptrTrue(before.Spec.Stopped) != ptrTrue(after.Spec.Stopped)) &&
				(after.Status.Phase.Terminal() || before.Status.Phase == researchv1.PhaseQueued)
		},
	}
}
