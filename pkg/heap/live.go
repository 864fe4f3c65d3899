// Package heap says what the process holds in memory.
package heap

import "runtime/metrics"

// Live is what the last run of the garbage collector found in use, in bytes (runtime/metrics,
// /gc/heap/live:bytes); 0 before the first.
func Live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
