package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// load is one case: where sessions are created.
type load struct {
	name       string
	namespaces []string
	flood      bool
}

// The cases that are compared.
const (
	quietCase   = "many of twenty organizations, Gatehouse"
	floodedCase = "many of twenty, under a flood"
)

func (b *bench) cases() []load {
	hers := func(list []string) []string {
		for i := range list {
			list[i] = tenantNamespace(list[i])
		}
		return list
	}
	var many, manyBehind []string
	for i := range b.tenants {
		many = append(many, fmt.Sprintf("%s%d", plain, i))
		manyBehind = append(manyBehind, fmt.Sprintf("%s%d", behind, i))
	}
	return []load{
		{"one tenant, native", []string{fmt.Sprintf("%s%d", plain, b.tenants)}, false},
		{"one tenant, Gatehouse", hers([]string{"hot"}), false},
		{"many, native", many, false},
		{"many, native, behind two webhooks", manyBehind, false},
		{"many of one organization, Gatehouse", hers(names("one", 0, b.tenants)), false},
		{quietCase, hers(names("many", 0, b.tenants)), false},
		{floodedCase, hers(names("many", 0, b.tenants)), true},
	}
}

// row is one case's figures; latencies in milliseconds.
type row struct {
	name                       string
	rate, p50, p99             float64
	again                      int
	demands, conflicts, swap99 float64
	swapped                    bool
}

// measure creates for a while, after a moment that is not counted.
func (b *bench) measure(ctx context.Context, l load) (row, error) {
	_, _ = fmt.Fprintf(b.told, "%s ...\n", l.name)
	if l.flood {
		stop, err := b.flood(ctx)
		if err != nil {
			return row{}, err
		}
		defer stop()
	}
	clients := make([]dynamic.Interface, len(l.namespaces))
	for i, ns := range l.namespaces {
		var err error
		if clients[i], err = b.as(ns); err != nil {
			return row{}, err
		}
	}
	// Connections are made and caches filled in the moment that is not counted.
	if _, _, err := b.send(ctx, l, clients, b.each/2); err != nil && !errors.Is(err, errNothing) {
		return row{}, err
	}
	before, err := b.ledger(ctx)
	if err != nil {
		return row{}, err
	}
	called, err := b.calls(ctx)
	if err != nil {
		return row{}, err
	}
	took, again, err := b.send(ctx, l, clients, b.each)
	if err != nil {
		return row{}, err
	}
	after, err := b.ledger(ctx)
	if err != nil {
		return row{}, err
	}
	calls, err := b.calls(ctx)
	if err != nil {
		return row{}, err
	}
	_, _ = fmt.Fprintf(b.told, "  calls for each of %d sessions:\n", len(took))
	tell(b.told, calls.Each(called, len(took)))
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[min(int(q*float64(len(took))), len(took)-1)].Microseconds()) / 1000
	}
	r := row{name: l.name, rate: float64(len(took)) / b.each.Seconds(), p50: at(.5), p99: at(.99), again: again}
	after.since(before).fill(&r)
	return r, nil
}

// send creates sessions with all clients until the time is over, and gives how long each
// admitted one took, and how many were told to come again.
func (b *bench) send(ctx context.Context, l load, clients []dynamic.Interface, during time.Duration) (took []time.Duration, again int, err error) {
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	var everybody sync.WaitGroup
	var mu sync.Mutex
	for n := range b.clients {
		everybody.Go(func() {
			for turn := n; ctx.Err() == nil; turn += b.clients {
				where := turn % len(l.namespaces)
				began := time.Now()
				_, failed := clients[where].Resource(sessions).Namespace(l.namespaces[where]).Create(ctx, aSession(), metav1.CreateOptions{})
				mu.Lock()
				switch {
				case ctx.Err() != nil:
				case failed == nil:
					took = append(took, time.Since(began))
				case apierrors.IsInternalError(failed), apierrors.IsTooManyRequests(failed), apierrors.IsServerTimeout(failed), apierrors.IsConflict(failed):
					again++
				default:
					err = failed
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	everybody.Wait()
	if err == nil && len(took) == 0 {
		err = fmt.Errorf("%w, %d were told to come again", errNothing, again)
	}
	return took, again, err
}

var errNothing = errors.New("nothing was admitted")

func aSession() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "research.example.com/v1", "kind": "ResearchSession", "metadata": map[string]any{"generateName": "s-"},
		"spec": map[string]any{"prompt": "Look", "websiteURL": "https://example.com", "llmSettings": map[string]any{"model": "claude-sonnet"}, "timeout": int64(300)},
	}}
}

func print(w io.Writer, rows []row) {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "load\tsessions/s\tp50\tp99\tcome again\tdemands/batch\tlost writes/batch\tswap p99\t")
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%.0f\t%.1f ms\t%.1f ms\t%d\t", r.name, r.rate, r.p50, r.p99, r.again)
		if r.swapped {
			_, _ = fmt.Fprintf(t, "%.1f\t%.2f\t%.1f ms\t\n", r.demands, r.conflicts, r.swap99)
		} else {
			_, _ = fmt.Fprintln(t, "\t\t\t")
		}
	}
	_ = t.Flush()
}
