package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// policiesLook is how often the status of policies is brought up to date. The replicas'
// own counts change every half minute.
const policiesLook = 2 * time.Second

// policyStatus says on each Policy what became of it: on how many of the webhook's
// replicas it is in force, how often it was asked and denied.
type policyStatus struct {
	client    client.Client
	live      client.Reader
	namespace string
	now       func() time.Time

	replicas replicas
}

// NeedLeaderElection is true: one writes.
func (p *policyStatus) NeedLeaderElection() bool { return true }

// Start looks until ctx ends.
func (p *policyStatus) Start(ctx context.Context) error {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := p.look(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "status of policies not written")
		}
	}, policiesLook)
	return nil
}

func (p *policyStatus) look(ctx context.Context) error {
	var policies v1alpha1.PolicyList
	if err := p.client.List(ctx, &policies); err != nil {
		return fmt.Errorf("list policies: %w", err)
	}
	if len(policies.Items) == 0 {
		return nil
	}
	var leases coordinationv1.LeaseList
	if err := p.live.List(ctx, &leases, client.InNamespace(p.namespace)); err != nil {
		return fmt.Errorf("list leases: %w", err)
	}
	now := p.now()
	p.replicas.observeAll(leases.Items, now)
	reports := policyReports(p.replicas.living(now))
	var failed []error
	for i := range policies.Items {
		before := &policies.Items[i]
		after := before.DeepCopy()
		describePolicy(after, reports)
		if apiequality.Semantic.DeepEqual(before.Status, after.Status) {
			continue
		}
		if err := p.client.Status().Patch(ctx, after, client.MergeFrom(before)); err != nil && !apierrors.IsNotFound(err) {
			failed = append(failed, fmt.Errorf("status of policy %s: %w", after.Name, err))
		}
	}
	return errors.Join(failed...)
}
