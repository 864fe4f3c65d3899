package audit

import (
	"github.com/prometheus/client_golang/prometheus"
)

// WatchOwners exposes where controller owners were found and how many the cache holds.
// It gives what counts a lookup by its source, cache or live.
func WatchOwners(registry prometheus.Registerer, cached func() int) (lookedUp func(source string), err error) {
	lookups := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gatehouse_owner_lookups_total",
		Help: "Controller owners looked up, by where they were found: cache or live.",
	}, []string{"source"})
	size := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gatehouse_owner_cache_objects",
		Help: "Objects of tenant namespaces in the cache of owners.",
	}, func() float64 { return float64(cached()) })
	for _, c := range []prometheus.Collector{lookups, size} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return func(source string) { lookups.WithLabelValues(source).Inc() }, nil
}
