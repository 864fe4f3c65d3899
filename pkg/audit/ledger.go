package audit

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Ledger is how reservations in quota ledgers go.
type Ledger struct {
	demands, conflicts prometheus.Counter
	batches            prometheus.Counter
	swaps              prometheus.Histogram
}

// WatchLedger registers what Ledger counts.
func WatchLedger(registry prometheus.Registerer) (*Ledger, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	l := &Ledger{
		demands:   counter("gatehouse_ledger_demands_total", "Demands that were judged against a quota ledger."),
		batches:   counter("gatehouse_ledger_batches_total", "Groups of demands that were written together, or needed no write."),
		conflicts: counter("gatehouse_ledger_conflicts_total", "Writes of a quota ledger that another writer was quicker with."),
		swaps: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gatehouse_ledger_swap_duration_seconds", Help: "Time of one compare-and-swap of a quota ledger.",
			Buckets: prometheus.ExponentialBuckets(.001, 1.25, 36),
		}),
	}
	for _, c := range []prometheus.Collector{l.demands, l.batches, l.conflicts, l.swaps} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics of the ledger: %w", err)
		}
	}
	return l, nil
}

// Batch counts a group of demands that has its answers.
func (l *Ledger) Batch(demands int) {
	if l == nil {
		return
	}
	l.batches.Inc()
	l.demands.Add(float64(demands))
}

// Swap counts one write, and whether another writer was quicker.
func (l *Ledger) Swap(took time.Duration, lost bool) {
	if l == nil {
		return
	}
	l.swaps.Observe(took.Seconds())
	if lost {
		l.conflicts.Inc()
	}
}
