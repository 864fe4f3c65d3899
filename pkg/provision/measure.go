package provision

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	origins "gatehouse.dev/gatehouse/pkg/bundle"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
)

// measures are the policies that say what a stored object holds: those that the webhook
// decides by, Policy objects, directories and bundles included.
type measures struct {
	client.Client
	set *policyset.Set
	// read is true once the Policy objects were: before, what they demand would be taken
	// for given back.
	read atomic.Bool
}

// setupMeasures compiles the built-in policies and follows the others.
func setupMeasures(ctx context.Context, m manager.Manager, c *config.Config) (*measures, error) {
	set, err := origins.NewSet(ctx, c, gatekeeper.PointWebhook)
	if err != nil {
		return nil, err
	}
	r := &measures{Client: m.GetClient(), set: set}
	sources, err := origins.Sources(c, set, m.GetLogger().WithName("measures"))
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	for _, source := range sources {
		if err := m.Add(manager.RunnableFunc(source.Start)); err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
	}
	if err := m.Add(manager.RunnableFunc(func(ctx context.Context) error { r.apply(ctx); return nil })); err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	all := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{request("policies")}
	})
	err = builder.ControllerManagedBy(m).Named("measures").WithOptions(options(1)).
		Watches(&v1alpha1.Policy{}, all, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Complete(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
			r.apply(ctx)
			return reconcile.Result{}, nil
		}))
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	return r, nil
}

// apply takes Policy objects as they are stored now. What is wrong with one is on its
// status; the rest is in force.
func (r *measures) apply(ctx context.Context) {
	var stored v1alpha1.PolicyList
	if err := r.List(ctx, &stored); err != nil {
		log.FromContext(ctx).Error(err, "list policies")
		return
	}
	list := make([]*v1alpha1.Policy, len(stored.Items))
	for i := range stored.Items {
		list[i] = &stored.Items[i]
	}
	if len(list) > 0 || r.read.Load() {
		_ = r.set.Apply(ctx, list)
	}
	r.read.Store(true)
}

// program is what to measure by, an error before everything was read.
func (r *measures) program() (*engine.Program, error) {
	if !r.read.Load() {
		return nil, errors.New("the policies were not read yet")
	}
	return r.set.Program(), nil
}
