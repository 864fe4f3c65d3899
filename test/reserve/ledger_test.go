package main

import (
	"math"
	"testing"
)

func TestFill(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		swaps map[float64]float64
		want  float64
	}{
		"in the middle of a bucket": {map[float64]float64{.1: 98, .2: 100, math.Inf(1): 100}, 150},
		"beyond the last bound":     {map[float64]float64{.1: 50, .2: 60, math.Inf(1): 100}, 200},
		"in the first":              {map[float64]float64{.1: 100, math.Inf(1): 100}, 99},
	} {
		var r row
		ledger{batches: 1, swaps: tt.swaps}.fill(&r)
		if math.Abs(r.swap99-tt.want) > 1e-6 {
			t.Errorf("%s: %v ms, want %v", name, r.swap99, tt.want)
		}
	}
}

func TestFlooded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		quiet, loud float64
		fails       bool
	}{"within": {100, 300, false}, "beyond": {100, 301, true}, "not asked for": {0, 300, false}} {
		err := flooded([]row{{name: quietCase, swap99: tt.quiet}, {name: floodedCase, swap99: tt.loud}})
		if (err != nil) != tt.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}
