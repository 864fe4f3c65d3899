//go:build !race

package conformance

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// dearer is how much more than the golden file says a decision may cost.
const dearer = 1.2

// cost of one decision: allocations and bytes, which a loaded machine does not change.
type cost struct {
	Allocations float64 `json:"allocations"`
	Bytes       float64 `json:"bytes"`
}

// TestCost guards what a decision costs, from the bytes of a review to the bytes of the
// answer, with everything that is built in. The race detector allocates too, so it is not
// there with it.
func TestCost(t *testing.T) {
	const golden = "testdata/cost.json"
	now := map[string]cost{}
	handler, _, _ := webhook(t)
	for _, c := range Benchmarks() {
		for _, r := range creation(t, handler, c.Manifest) {
			now[c.Name+r.Path] = costOf(func() { send(t, handler, r) })
		}
	}
	if *update {
		raw, err := json.MarshalIndent(now, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]cost
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	for name, c := range now {
		t.Logf("%-40s %6.0f allocations %8.0f bytes", name, c.Allocations, c.Bytes)
		w, ok := want[name]
		switch {
		case !ok:
			t.Errorf("%s is not in %s; go test ./test/conformance -run TestCost -update", name, golden)
		case c.Allocations > dearer*w.Allocations:
			t.Errorf("%s: %.0f allocations, more than a fifth above %.0f", name, c.Allocations, w.Allocations)
		case c.Bytes > dearer*w.Bytes:
			t.Errorf("%s: %.0f bytes, more than a fifth above %.0f", name, c.Bytes, w.Bytes)
		}
	}
	if len(want) != len(now) {
		t.Errorf("%s has %d cases, want %d", golden, len(want), len(now))
	}
}

// costOf is the mean of many, in one goroutine after another.
func costOf(do func()) cost {
	const runs = 200
	do()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range runs {
		do()
	}
	runtime.ReadMemStats(&after)
	return cost{
		Allocations: float64(after.Mallocs-before.Mallocs) / runs,
		Bytes:       float64(after.TotalAlloc-before.TotalAlloc) / runs,
	}
}
