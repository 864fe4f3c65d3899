package provision

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

// organizations gives the admins of an organization the access that is theirs, and counts
// its tenants.
type organizations struct {
	client.Client
	facts   facts
	applier *applier
	told    events.EventRecorder
}

// Reconcile brings one organization's access and status up to date.
func (r *organizations) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	o := &v1alpha1.Organization{}
	if err := r.Get(ctx, req.NamespacedName, o); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !o.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil // the role and its binding are owned, and go with it
	}
	var failed error
	for _, object := range home.OrganizationAccess(o) {
		var fixed *repair
		if fixed, failed = r.applier.apply(ctx, "", object); failed != nil {
			break
		}
		if fixed != nil {
			fixed.tell(r.told)
		}
	}
	var s standing
	if failed == nil {
		s, failed = r.judge(ctx, o)
	}
	if failed != nil {
		s = standing{reason: ReasonFailed, message: failed.Error()}
	}

	before := o.DeepCopy()
	o.Status.ObservedGeneration = o.Generation
	o.Status.Tenants = int32(len(r.facts.tenantsWhere(ctx, func(t *v1alpha1.Tenant) bool { return t.Spec.Organization == o.Name })))
	s.set(&o.Status.Conditions, o.Generation)
	if !apiequality.Semantic.DeepEqual(before.Status, o.Status) {
		if err := r.Status().Patch(ctx, o, client.MergeFrom(before)); err != nil {
			return retry(fmt.Errorf("organization %s: write status: %w", o.Name, client.IgnoreNotFound(err)))
		}
	}
	return retry(failed)
}

// judge names the first thing that the organization was given and that does not exist.
func (r *organizations) judge(ctx context.Context, o *v1alpha1.Organization) (standing, error) {
	for _, name := range o.Spec.Tiers {
		if found, err := r.facts.get(ctx, name, &v1alpha1.Tier{}); err != nil || !found {
			return standing{reason: ReasonTierMissing, message: fmt.Sprintf("tier %q does not exist", name)}, err
		}
	}
	for _, m := range o.Spec.Models {
		if found, err := r.facts.get(ctx, m.Name, &v1alpha1.Model{}); err != nil || !found {
			return standing{reason: ReasonModelMissing, message: fmt.Sprintf("model %q does not exist", m.Name)}, err
		}
		if m.MinTier == "" {
			continue
		}
		if found, err := r.facts.get(ctx, m.MinTier, &v1alpha1.Tier{}); err != nil || !found {
			return standing{reason: ReasonTierMissing, message: fmt.Sprintf("tier %q, the least for model %q, does not exist", m.MinTier, m.Name)}, err
		}
	}
	return standing{ready: true, reason: ReasonReady, message: "access of its admins is in place"}, nil
}
