package live

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// watched lists and watches a resource and tells the store while what it holds follows
// the API server, and when not.
func watched(client metadata.Interface, resource schema.GroupVersionResource, store *ownerStore) toolscache.ListerWatcher {
	getter := client.Resource(resource)
	return toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			store.relisting()
			return getter.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			if ptr.Deref(o.SendInitialEvents, false) {
				store.relisting()
			}
			w, err := getter.Watch(ctx, o)
			if err != nil {
				return nil, err
			}
			return follow(w, store), nil
		},
	}, client)
}

// followed is a watch whose end the store learns of.
type followed struct {
	watch.Interface
	results chan watch.Event
	stop    sync.Once
	stopped chan struct{}
	ended   func()
}

// follow passes the events of a watch on. The store is told of the end before whoever
// reads the events, so that nothing is answered from a watch that is no more.
func follow(w watch.Interface, store *ownerStore) watch.Interface {
	f := &followed{Interface: w, results: make(chan watch.Event), stopped: make(chan struct{}), ended: store.follows()}
	go func() {
		defer close(f.results)
		defer f.ended()
		for e := range w.ResultChan() {
			select {
			case f.results <- e:
			case <-f.stopped:
				return
			}
		}
	}()
	return f
}

// ResultChan gives the events.
func (f *followed) ResultChan() <-chan watch.Event { return f.results }

// Stop ends the watch.
func (f *followed) Stop() {
	f.ended()
	f.stop.Do(func() { close(f.stopped) })
	f.Interface.Stop()
}
