package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/facts/live"
	"gatehouse.dev/gatehouse/pkg/passport"
)

// setupKeys adds the keeper of the keyring, and its metrics to those of the manager.
func setupKeys(m manager.Manager, c *config.Config, direct client.Client) error {
	k := &keys{
		client: direct, live: direct, namespace: c.SystemNamespace, period: c.Passport.RotationPeriod.Duration, now: time.Now,
		events: m.GetEventRecorder(fieldManager), metrics: &keyMetrics{now: time.Now}, watch: watchKeys(m, c.SystemNamespace),
	}
	if err := metrics.Registry.Register(k.metrics); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return m.Add(k)
}

// watchKeys watches the key Secret, which RBAC grants by name, and the Leases beside it.
// The manager's cache has room for one Secret only, and it is the authority's.
func watchKeys(m manager.Manager, namespace string) func(context.Context, *replicas, func()) error {
	return func(ctx context.Context, seen *replicas, wake func()) error {
		here := map[string]cache.Config{namespace: {}}
		watched, err := cache.New(m.GetConfig(), cache.Options{
			HTTPClient: m.GetHTTPClient(), Scheme: m.GetScheme(), Mapper: m.GetRESTMapper(),
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Secret{}: {
					Namespaces: here, Transform: withoutData,
					Field: fields.OneTermEqualSelector(metav1.ObjectNameField, passport.SecretName),
				},
				&coordinationv1.Lease{}: {Namespaces: here, Transform: cache.TransformStripManagedFields()},
			},
		})
		if err != nil {
			return fmt.Errorf("watch keys: %w", err)
		}
		for object, handler := range map[client.Object]toolscache.ResourceEventHandler{
			&corev1.Secret{}:        secretNews(wake),
			&coordinationv1.Lease{}: leaseNews(seen, time.Now, wake),
		} {
			informer, err := watched.GetInformer(ctx, object, cache.BlockUntilSynced(false))
			if err != nil {
				return fmt.Errorf("watch keys: %T: %w", object, err)
			}
			if _, err := informer.AddEventHandler(handler); err != nil {
				return fmt.Errorf("watch keys: %T: %w", object, err)
			}
		}
		go func() {
			if err := watched.Start(ctx); err != nil && ctx.Err() == nil {
				log.FromContext(ctx).Error(err, "watch keys")
			}
		}()
		return nil
	}
}

// withoutData keeps no second copy of the keys: that something changed is all we ask.
func withoutData(o any) (any, error) {
	if secret, ok := o.(*corev1.Secret); ok {
		secret.Data, secret.ManagedFields = nil, nil
	}
	return o, nil
}

func secretNews(wake func()) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { wake() },
		UpdateFunc: func(_, _ any) { wake() },
		DeleteFunc: func(any) { wake() },
	}
}

// leaseNews follows each replica's signs of life, and wakes when one reports other keys,
// comes or goes.
func leaseNews(seen *replicas, now func() time.Time, wake func()) toolscache.ResourceEventHandler {
	follow := func(o any) *coordinationv1.Lease {
		lease, ok := o.(*coordinationv1.Lease)
		if !ok {
			return nil
		}
		if _, ours := live.Replica(lease); !ours {
			return nil
		}
		seen.observe(lease, now())
		return lease
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) {
			if follow(o) != nil {
				wake()
			}
		},
		UpdateFunc: func(before, after any) {
			old, _ := before.(*coordinationv1.Lease)
			if lease := follow(after); lease != nil && (old == nil || !slices.Equal(live.LoadedKeys(old), live.LoadedKeys(lease))) {
				wake()
			}
		},
		DeleteFunc: func(any) { wake() }, // the look that follows lists what is left
	}
}
