package main

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
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
	w, err := p.watch(ctx, sessions)
	if err != nil {
		return nil, err
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
