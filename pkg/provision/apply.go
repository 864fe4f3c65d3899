package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/provision/home"
)

// fieldManager is who server-side apply knows us as.
const fieldManager = "gatehouse-provisioner"

// owned are the kinds that the provisioner keeps, as the cache reads them.
func owned() map[string]client.Object {
	return map[string]client.Object{
		"Namespace":          &corev1.Namespace{},
		"ServiceAccount":     &corev1.ServiceAccount{},
		"ResourceQuota":      &corev1.ResourceQuota{},
		"LimitRange":         &corev1.LimitRange{},
		"NetworkPolicy":      &networkingv1.NetworkPolicy{},
		"RoleBinding":        &rbacv1.RoleBinding{},
		"ClusterRole":        &rbacv1.ClusterRole{},
		"ClusterRoleBinding": &rbacv1.ClusterRoleBinding{},
	}
}

// applier applies objects, and leaves out those that are as the last apply left them: a
// world at rest costs no request.
type applier struct {
	client.Client
	mu   sync.Mutex
	last map[string]applied
}

// applied is what was wanted, and the version of the object that had it.
type applied struct{ wanted, version string }

func newApplier(c client.Client) *applier {
	return &applier{Client: c, last: map[string]applied{}}
}

func (a *applier) apply(ctx context.Context, namespace string, o home.Object) error {
	wanted, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", *o.GetKind(), *o.GetName(), err)
	}
	key := namespace + "/" + *o.GetKind() + "/" + *o.GetName()
	live := owned()[*o.GetKind()]
	if live == nil {
		return fmt.Errorf("%s is no kind that the provisioner keeps", *o.GetKind())
	}
	name := client.ObjectKey{Namespace: namespace, Name: *o.GetName()}
	// An error is an object that the cache does not have, and so one to apply.
	if a.Get(ctx, name, live) == nil && a.was(key) == (applied{string(wanted), live.GetResourceVersion()}) {
		return nil
	}
	if err := a.Apply(ctx, o, client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply %s %s: %w", *o.GetKind(), *o.GetName(), err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last[key] = applied{string(wanted), versionOf(o)}
	return nil
}

func (a *applier) was(key string) applied {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last[key]
}

// forget drops what is remembered of a namespace that is gone.
func (a *applier) forget(namespace string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.last, func(key string, _ applied) bool { return strings.HasPrefix(key, namespace+"/") })
}

// versionOf reads the resourceVersion that the server put into the configuration.
func versionOf(o home.Object) string {
	raw, err := json.Marshal(o)
	if err != nil {
		return ""
	}
	var answer struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	if json.Unmarshal(raw, &answer) != nil {
		return ""
	}
	return answer.Metadata.ResourceVersion
}

// applyAll applies a whole home, a few objects at a time.
func (a *applier) applyAll(ctx context.Context, s home.Spec) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	group.Go(func() error { return a.apply(ctx, "", home.Namespace(s)) })
	for _, o := range home.Objects(s) {
		group.Go(func() error { return a.apply(ctx, s.Namespace, o) })
	}
	return group.Wait()
}
