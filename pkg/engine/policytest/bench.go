package policytest

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// Measured is one policy asked alone about one review.
type Measured struct {
	Rule   string
	Result engine.Result
	Err    error
	// Best is the shortest of the evaluations.
	Best time.Duration
}

// Measure asks each policy that judges a review alone, again and again for so long.
func Measure(ctx context.Context, program *engine.Program, input ast.Value, length time.Duration) ([]Measured, error) {
	singles, err := program.Singles(input)
	if err != nil {
		return nil, err
	}
	out := make([]Measured, 0, len(singles))
	for _, single := range singles {
		m := Measured{Rule: single.Rule}
		document, err := single.Eval(ctx, input, nil)
		if err == nil {
			m.Result, err = engine.Decode(document)
		}
		if m.Err = err; err == nil {
			m.Best = best(length, func() { _, _ = single.Eval(ctx, input, nil) })
		}
		out = append(out, m)
	}
	return out, nil
}

func best(length time.Duration, f func()) time.Duration {
	shortest := time.Duration(0)
	for begin := time.Now(); shortest == 0 || time.Since(begin) < length; {
		start := time.Now()
		f()
		if took := max(time.Since(start), 1); shortest == 0 || took < shortest {
			shortest = took
		}
	}
	return shortest
}

// Cost is what one evaluation of a policy takes, on average over its examples.
type Cost struct {
	Rule        string `json:"rule"`
	Examples    int    `json:"examples"`
	Nanoseconds int64  `json:"nanoseconds"`
	Allocations int64  `json:"allocations"`
	Bytes       int64  `json:"bytes"`
	// Slowest is the file of the example that takes longest.
	Slowest            string `json:"slowest"`
	SlowestNanoseconds int64  `json:"slowestNanoseconds"`
}

// Bench measures policies over their examples, each for so long in all.
func Bench(ctx context.Context, fsys fs.FS, program *engine.Program, length time.Duration, rules ...string) ([]Cost, error) {
	out := []Cost{}
	for _, rule := range rules {
		single, err := program.Single(rule)
		if err != nil {
			return nil, err
		}
		if single == nil {
			return nil, fmt.Errorf("%s: there is no such policy", rule)
		}
		cases, err := Cases(fsys, rule)
		if err != nil {
			return nil, err
		}
		if len(cases) == 0 {
			return nil, fmt.Errorf("%s: has no example", rule)
		}
		cost, err := bench(ctx, single, cases, length)
		if err != nil {
			return nil, err
		}
		out = append(out, cost)
	}
	return out, nil
}

func bench(ctx context.Context, single *engine.Single, cases []Case, length time.Duration) (Cost, error) {
	cost := Cost{Rule: single.Rule, Examples: len(cases)}
	for _, c := range cases {
		input, err := Value(c.Input)
		if err != nil {
			return cost, fmt.Errorf("%s: %w", c.File, err)
		}
		// The first one fills caches, and shows whether it works at all.
		if _, err := single.Eval(ctx, input, nil); err != nil {
			return cost, fmt.Errorf("%s: %w", c.File, err)
		}
		nanoseconds, allocations, bytes := spent(length/time.Duration(len(cases)), func() { _, _ = single.Eval(ctx, input, nil) })
		cost.Nanoseconds += nanoseconds
		cost.Allocations += allocations
		cost.Bytes += bytes
		if nanoseconds > cost.SlowestNanoseconds {
			cost.SlowestNanoseconds, cost.Slowest = nanoseconds, c.File
		}
	}
	n := int64(len(cases))
	cost.Nanoseconds, cost.Allocations, cost.Bytes = cost.Nanoseconds/n, cost.Allocations/n, cost.Bytes/n
	return cost, nil
}

// spent gives the average time, allocations and bytes of f, called for so long.
func spent(length time.Duration, f func()) (nanoseconds, allocations, bytes int64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin, n := time.Now(), int64(0)
	for n == 0 || time.Since(begin) < length {
		f()
		n++
	}
	took := time.Since(begin).Nanoseconds()
	runtime.ReadMemStats(&after)
	return took / n, int64(after.Mallocs-before.Mallocs) / n, int64(after.TotalAlloc-before.TotalAlloc) / n
}
