package live

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// Inventory keeps the objects that referential constraints may look up, of the kinds
// that the platform lists.
type Inventory struct {
	Cache cache.Cache
	Kinds []schema.GroupVersionKind
	// Failed is told why the newest objects are not in the inventory. May be nil.
	Failed func(err error)

	dirty   chan struct{}
	current atomic.Pointer[gatekeeper.Inventory]
	// values are objects in the engine's form, so that a change converts one.
	values map[types.UID]converted
}

type converted struct {
	version string
	value   ast.Value
}

// gather is how long changes are collected before they are shown together.
const gather = 100 * time.Millisecond

// Start watches until ctx ends; it returns when what is stored now is in the inventory.
func (i *Inventory) Start(ctx context.Context) error {
	i.dirty, i.values = make(chan struct{}, 1), map[types.UID]converted{}
	for _, kind := range i.Kinds {
		informer, err := i.Cache.GetInformer(ctx, object(kind))
		if err != nil {
			return fmt.Errorf("watch %s for the inventory: %w", kind, err)
		}
		if _, err := informer.AddEventHandler(changed(mark(i.dirty))); err != nil {
			return fmt.Errorf("watch %s for the inventory: %w", kind, err)
		}
	}
	if err := i.collect(ctx); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-i.dirty:
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(gather):
			}
			if err := i.collect(ctx); err != nil && i.Failed != nil {
				i.Failed(err)
			}
		}
	}()
	return nil
}

// Current is what is known now; nil before Start returned.
func (i *Inventory) Current() *gatekeeper.Inventory { return i.current.Load() }

func (i *Inventory) collect(ctx context.Context) error {
	kept := make(map[types.UID]converted, len(i.values))
	var all []ast.Value
	for _, kind := range i.Kinds {
		var list unstructured.UnstructuredList
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := i.Cache.List(ctx, &list); err != nil {
			return fmt.Errorf("list %s for the inventory: %w", kind, err)
		}
		for _, o := range list.Items {
			c, ok := i.values[o.GetUID()]
			if !ok || c.version != o.GetResourceVersion() {
				value, err := ast.InterfaceToValue(o.Object)
				if err != nil {
					return fmt.Errorf("%s %s/%s: %w", kind.Kind, o.GetNamespace(), o.GetName(), err)
				}
				c = converted{o.GetResourceVersion(), value}
			}
			kept[o.GetUID()] = c
			all = append(all, c.value)
		}
	}
	inventory, err := gatekeeper.NewInventory(all)
	if err != nil {
		return err
	}
	i.values = kept
	i.current.Store(inventory)
	return nil
}

// mark leaves a sign that something changed; one is enough.
func mark(dirty chan struct{}) func() {
	return func() {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
}
