package live

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// Keys keeps the keyring of the key Secret. A Secret that cannot be read leaves the last
// good keyring in place.
type Keys struct {
	Cache cache.Cache
	// Namespace and Name of the Secret.
	Namespace, Name string
	// Failed is told of a Secret that holds no keyring; the error shows no key.
	Failed func(error)
	// Changed is told when other keys are loaded or another one signs; may be nil.
	Changed func()

	ring atomic.Pointer[passport.Keyring]
}

// Keyring is the newest good one, nil before the first.
func (k *Keys) Keyring() *passport.Keyring { return k.ring.Load() }

// Start watches the Secret until ctx ends.
func (k *Keys) Start(ctx context.Context) error {
	informer, err := k.Cache.GetInformer(ctx, &corev1.Secret{})
	if err != nil {
		return fmt.Errorf("watch secret %s/%s: %w", k.Namespace, k.Name, err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    k.load,
		UpdateFunc: func(_, obj any) { k.load(obj) },
	})
	if err != nil {
		return fmt.Errorf("watch secret %s/%s: %w", k.Namespace, k.Name, err)
	}
	return nil
}

func (k *Keys) load(obj any) {
	secret, ok := obj.(*corev1.Secret)
	if !ok || secret.Name != k.Name || secret.Namespace != k.Namespace {
		return
	}
	ring, err := passport.ParseSecretData(secret.Data)
	if err != nil {
		if k.Failed != nil {
			k.Failed(fmt.Errorf("secret %s/%s holds no keyring: %w", k.Namespace, k.Name, err))
		}
		return
	}
	old := k.ring.Swap(ring)
	if k.Changed != nil && (old == nil || old.Active() != ring.Active() || !slices.Equal(old.IDs(), ring.IDs())) {
		k.Changed()
	}
}
