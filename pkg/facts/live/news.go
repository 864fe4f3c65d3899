package live

import (
	"sync"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/facts"
)

// news is what informers told of since somebody last took it: of each object the last word.
// Create it with newNews; it is safe for concurrent use.
type news struct {
	// there has something once there is any.
	there chan struct{}

	mu     sync.Mutex
	change facts.Change
}

func newNews() *news { return &news{there: make(chan struct{}, 1)} }

// take gives what there is and forgets it.
func (n *news) take() facts.Change {
	n.mu.Lock()
	defer n.mu.Unlock()
	told := n.change
	n.change = facts.Change{}
	return told
}

// hear follows one kind: where its objects are in a change, and what is kept of each. Informers
// tell in order, so that the last word of an object is what it is.
func hear[O client.Object, T any](n *news, kind func(*facts.Change) *map[string]*T, keep func(O) *T) toolscache.ResourceEventHandler {
	put := func(name string, is *T) {
		n.mu.Lock()
		objects := kind(&n.change)
		if *objects == nil {
			*objects = map[string]*T{}
		}
		(*objects)[name] = is
		n.mu.Unlock()
		select {
		case n.there <- struct{}{}:
		default:
		}
	}
	is := func(obj any) {
		if o, ok := obj.(O); ok {
			put(o.GetName(), keep(o))
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    is,
		UpdateFunc: func(_, obj any) { is(obj) },
		DeleteFunc: func(obj any) {
			// Of what went while nobody watched there is only the key, of which the kinds that
			// facts follow from, all without a namespace, have the name alone.
			if gone, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
				put(gone.Key, nil)
			} else if o, ok := obj.(O); ok {
				put(o.GetName(), nil)
			}
		},
	}
}
