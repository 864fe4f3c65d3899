package main

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// followed is what a watch showed of all sessions.
type followed struct {
	stop func()

	mu     sync.Mutex
	phases map[string]string // by namespace/name
	alive  map[string]int    // by namespace
	peak   int
	peakOf int // of one tenant
}

// follow watches from now on, without a gap.
func (p *platform) follow(ctx context.Context) (*followed, error) {
	list, err := p.dynamic.Resource(sessions).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	w, err := watchtools.NewRetryWatcherWithContext(ctx, list.GetResourceVersion(), &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return p.dynamic.Resource(sessions).Watch(ctx, o)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watch sessions: %w", err)
	}
	f := &followed{stop: w.Stop, phases: map[string]string{}, alive: map[string]int{}}
	go func() {
		for e := range w.ResultChan() {
			if o, ok := e.Object.(*unstructured.Unstructured); ok {
				f.see(e.Type, o)
			}
		}
	}()
	return f, nil
}

var over = map[string]bool{"Completed": true, "Failed": true, "Stopped": true, "Error": true}

func (f *followed) see(event watch.EventType, o *unstructured.Unstructured) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := o.GetNamespace() + "/" + o.GetName()
	before, known := f.phases[key]
	phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
	was, is := known && !over[before], event != watch.Deleted && !over[phase]
	f.phases[key] = phase
	if event == watch.Deleted {
		delete(f.phases, key)
	}
	switch {
	case is && !was:
		f.alive[o.GetNamespace()]++
	case was && !is:
		f.alive[o.GetNamespace()]--
	}
	sum := 0
	for _, n := range f.alive {
		sum += n
	}
	f.peak, f.peakOf = max(f.peak, sum), max(f.peakOf, f.alive[o.GetNamespace()])
}

// live is how many are not over now.
func (f *followed) live() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := 0
	for _, n := range f.alive {
		sum += n
	}
	return sum
}

func (f *followed) in(phase string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, have := range f.phases {
		if have == phase {
			n++
		}
	}
	return n
}

func (f *followed) most() (all, ofOne int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.peak, f.peakOf
}
