package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gatehouse.dev/gatehouse/test/local"
)

// ledger is what the webhooks counted of their ledgers, all together.
type ledger struct {
	demands, batches, conflicts float64
	swaps                       map[float64]float64 // cumulative, by upper bound in seconds
}

func (b *bench) ledger(ctx context.Context) (ledger, error) {
	sum := ledger{swaps: map[float64]float64{}}
	urls, err := b.cluster.Metrics()
	if err != nil {
		return sum, err
	}
	for _, url := range urls {
		if err := sum.add(ctx, url); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (l *ledger) add(ctx context.Context, url string) error {
	families, err := local.MetricsAt(ctx, url)
	if err != nil {
		return err
	}
	counter := func(name string) float64 {
		for _, m := range families[name].GetMetric() {
			return m.GetCounter().GetValue()
		}
		return 0
	}
	l.demands += counter("gatehouse_ledger_demands_total")
	l.batches += counter("gatehouse_ledger_batches_total")
	l.conflicts += counter("gatehouse_ledger_conflicts_total")
	for _, m := range families["gatehouse_ledger_swap_duration_seconds"].GetMetric() {
		for _, bucket := range m.GetHistogram().GetBucket() {
			// The text has a bucket of all.
			l.swaps[bucket.GetUpperBound()] += float64(bucket.GetCumulativeCount())
		}
	}
	return nil
}

func (l ledger) since(before ledger) ledger {
	out := ledger{l.demands - before.demands, l.batches - before.batches, l.conflicts - before.conflicts, map[float64]float64{}}
	for bound, n := range l.swaps {
		out.swaps[bound] = n - before.swaps[bound]
	}
	return out
}

func (l ledger) fill(r *row) {
	if l.batches == 0 {
		return
	}
	r.swapped, r.demands, r.conflicts = true, l.demands/l.batches, l.conflicts/l.batches
	var bounds []float64
	for bound := range l.swaps {
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	want := .99 * l.swaps[math.Inf(1)]
	low, below := 0.0, 0.0
	for _, bound := range bounds {
		if n := l.swaps[bound]; n >= want {
			if math.IsInf(bound, 1) {
				bound = low
			}
			// As Prometheus does: within a bucket as if evenly spread.
			r.swap99 = 1000 * (low + (bound-low)*(want-below)/max(n-below, 1))
			return
		}
		low, below = bound, l.swaps[bound]
	}
}

// mostFlooded is how many times longer a ledger's write may take, at its p99, while tenants'
// service accounts flood the API server.
const mostFlooded = 3.0

// flooded compares the case under a flood with the same in the quiet; nil if one was not asked for.
func flooded(rows []row) error {
	var quiet, loud float64
	for _, r := range rows {
		switch r.name {
		case quietCase:
			quiet = r.swap99
		case floodedCase:
			loud = r.swap99
		}
	}
	if quiet == 0 || loud == 0 || loud <= mostFlooded*quiet {
		return nil
	}
	return fmt.Errorf("under a flood the p99 of a ledger's write is %.1f times its quiet one (%.0f and %.0f ms), want at most %.0f times", loud/quiet, loud, quiet, mostFlooded)
}
