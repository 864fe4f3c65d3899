package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// arrivals says when each Tenant was created and when it was first seen Ready.
type arrivals struct {
	stop func()
	// news is filled when something was seen, blind closed when nothing will be any more.
	news, blind chan struct{}

	mu                sync.Mutex
	answered, readyAt map[string]time.Time
	conditions        map[string]string // as a Tenant that is not Ready has them
}

// await watches all Tenants from now on.
func (p *platform) await(ctx context.Context) (*arrivals, error) {
	w, err := p.watch(ctx, kind("tenants"))
	if err != nil {
		return nil, err
	}
	a := &arrivals{
		stop: w.Stop, news: make(chan struct{}, 1), blind: make(chan struct{}),
		answered: map[string]time.Time{}, readyAt: map[string]time.Time{}, conditions: map[string]string{},
	}
	go func() {
		defer close(a.blind)
		for e := range w.ResultChan() {
			if o, ok := e.Object.(*unstructured.Unstructured); ok {
				a.see(o, time.Now())
			}
		}
	}()
	return a, nil
}

func (a *arrivals) see(o *unstructured.Unstructured, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	said := conditionsOf(o)
	a.conditions[o.GetName()] = strings.Join(said, "; ")
	if _, was := a.readyAt[o.GetName()]; was || !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, "Ready=True") }) {
		return
	}
	a.readyAt[o.GetName()] = now
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// conditionsOf are a Tenant's conditions in words.
func conditionsOf(o *unstructured.Unstructured) []string {
	var out []string
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		out = append(out, fmt.Sprintf("%v=%v (%v: %v)", condition["type"], condition["status"], condition["reason"], condition["message"]))
	}
	return out
}

// created notes that a Tenant's create was answered just now.
func (a *arrivals) created(name string) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answered[name] = now
}
