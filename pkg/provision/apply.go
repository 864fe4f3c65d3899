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
	"k8s.io/client-go/tools/events"
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

// applied is what was wanted, and the object that had it.
type applied struct{ wanted, version, uid string }

// repair is an object that somebody else changed or deleted, put back.
type repair struct {
	object client.Object
	what   string
	// action tells a change from a deletion: Events of one object that differ in what they
	// say alone are gathered into the first.
	action string
}

// What was done about what somebody changed, and about what somebody deleted.
const (
	actionRepair = "Repair"
	actionRemake = "Remake"
)

// tell has an Event tell of it.
func (r repair) tell(recorder events.EventRecorder) {
	recorder.Eventf(r.object, nil, corev1.EventTypeWarning, "Repaired", r.action, "%s; put back as a tenant's guards are meant to be", r.what)
}

func newApplier(c client.Client) *applier {
	return &applier{Client: c, last: map[string]applied{}}
}

// apply makes an object as it is wanted. It gives a repair where the object was not as the
// last apply left it though nothing else was wanted since.
func (a *applier) apply(ctx context.Context, namespace string, o home.Object) (*repair, error) {
	wanted, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", *o.GetKind(), *o.GetName(), err)
	}
	key := namespace + "/" + *o.GetKind() + "/" + *o.GetName()
	live := owned()[*o.GetKind()]
	if live == nil {
		return nil, fmt.Errorf("%s is no kind that the provisioner keeps", *o.GetKind())
	}
	before := a.was(key)
	// An error is an object that the cache does not have, and so one to apply.
	missing := a.Get(ctx, client.ObjectKey{Namespace: namespace, Name: *o.GetName()}, live)
	if missing == nil && before.wanted == string(wanted) && before.uid == string(live.GetUID()) &&
		(before.version == live.GetResourceVersion() || holds(wanted, live)) {
		return nil, nil
	}
	if err := a.Apply(ctx, o, client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
		return nil, fmt.Errorf("apply %s %s: %w", *o.GetKind(), *o.GetName(), err)
	}
	now := after(o)
	now.wanted = string(wanted)
	a.mu.Lock()
	a.last[key] = now
	a.mu.Unlock()
	if before.wanted != now.wanted || before.version == now.version {
		return nil, nil
	}
	if before.uid != now.uid {
		live.SetNamespace(namespace)
		live.SetName(*o.GetName())
		return &repair{live, "it was deleted", actionRemake}, nil
	}
	if missing != nil {
		return nil, nil //nolint:nilerr // It was not there, and now it is: nothing was repaired.
	}
	fields, err := home.Drift(json.RawMessage(wanted), live)
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	return &repair{live, strings.Join(fields[:min(len(fields), 8)], ", ") + " changed", actionRepair}, nil
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

// after reads what the server put into the configuration.
func after(o home.Object) applied {
	raw, err := json.Marshal(o)
	if err != nil {
		return applied{}
	}
	var answer struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
			UID             string `json:"uid"`
		} `json:"metadata"`
	}
	if json.Unmarshal(raw, &answer) != nil {
		return applied{}
	}
	return applied{version: answer.Metadata.ResourceVersion, uid: answer.Metadata.UID}
}

// applyAll applies a whole home, a few objects at a time, and says what it put back.
func (a *applier) applyAll(ctx context.Context, s home.Spec) ([]repair, error) {
	var lock sync.Mutex
	var repairs []repair
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	one := func(namespace string, o home.Object) {
		group.Go(func() error {
			fixed, err := a.apply(ctx, namespace, o)
			if fixed != nil {
				lock.Lock()
				defer lock.Unlock()
				repairs = append(repairs, *fixed)
			}
			return err
		})
	}
	one("", home.Namespace(s))
	for _, o := range home.Objects(s) {
		one(s.Namespace, o)
	}
	err := group.Wait()
	return repairs, err
}
