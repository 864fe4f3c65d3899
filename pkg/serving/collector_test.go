package serving

import (
	"runtime/debug"
	"testing"
)

func TestTuneCollector(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	for env, want := range map[string]int{"": gcPercent, "50": 100} {
		debug.SetGCPercent(100)
		t.Setenv("GOGC", env)
		TuneCollector()
		if got := debug.SetGCPercent(100); got != want {
			t.Errorf("with GOGC=%q: %d, want %d", env, got, want)
		}
	}
}
