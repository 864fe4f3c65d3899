package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestWatchOwners(t *testing.T) {
	registry := prometheus.NewRegistry()
	lookedUp, err := WatchOwners(registry, func() int { return 7 })
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"cache", "live", "cache"} {
		lookedUp(source)
	}
	want := map[string]float64{
		`gatehouse_owner_cache_objects{}`:               7,
		`gatehouse_owner_lookups_total{source="cache"}`: 2,
		`gatehouse_owner_lookups_total{source="live"}`:  1,
	}
	if diff := cmp.Diff(want, counts(t, registry)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if _, err := WatchOwners(registry, func() int { return 0 }); err == nil {
		t.Error("registered twice")
	}
}
