package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// refusalTime is how long a refused Job is tried again: what an administrator put right
// reaches every replica of the webhook within seconds.
const refusalTime = time.Minute

// Options of the controller.
type Options struct {
	Sessions config.Sessions
	// NamespacePrefix begins the names of tenants' namespaces; sessions elsewhere are left
	// alone.
	NamespacePrefix string
	// Live reads and writes past the cache.
	Live client.Client
	// Limits gives what is in force for the tenant of a namespace; nil, without an error,
	// when there is none.
	Limits func(ctx context.Context, namespace string) (map[string]tenant.Limit, error)
	// Promote takes the place that a queued session needs, or says which limits do not hold
	// it. It is asked again with the same session until it answers.
	Promote func(ctx context.Context, s *researchv1.ResearchSession) (quota.Decision, error)
	// Events are told of what a person should know.
	Events events.EventRecorder
	// Controller bounds workers and retries.
	Controller controller.Options
}

// Setup adds the controller to the manager, whose cache must be made with Cached.
func Setup(m manager.Manager, o Options) error {
	r := &reconciler{Options: o, cache: m.GetClient(), settings: settings{refusal: refusalTime}, now: time.Now}
	of := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		name := o.GetLabels()[LabelSession]
		if name == "" {
			return nil
		}
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: o.GetNamespace(), Name: name}}}
	})
	err := builder.ControllerManagedBy(m).Named("session").WithOptions(o.Controller).
		For(&researchv1.ResearchSession{}, builder.WithPredicates(matters())).
		Watches(&researchv1.ResearchSession{}, handler.EnqueueRequestsFromMapFunc(r.next), builder.WithPredicates(gives())).
		Watches(&batchv1.Job{}, of).
		Watches(&corev1.Pod{}, of).
		Complete(r)
	if err != nil {
		return fmt.Errorf("controller of sessions: %w", err)
	}
	return nil
}

// tenants reports whether a namespace is a tenant's.
func (o Options) tenants(namespace string) bool {
	return strings.HasPrefix(namespace, o.NamespacePrefix)
}
