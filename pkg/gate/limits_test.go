package gate

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// TestLimitsInForce: device time is limited by the month or not at all, and of the others those count
// that are demanded.
func TestLimitsInForce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	amounts := map[string]resource.Quantity{gpu.Dimension: resource.MustParse("1"), "pods": resource.MustParse("1"), "free": resource.MustParse("1")}
	for window, want := range map[v1alpha1.Window][]string{
		v1alpha1.WindowMonth: {gpu.Dimension, "pods"},
		v1alpha1.WindowDay:   {"pods"},
		v1alpha1.WindowNone:  {"pods"},
		"":                   {"pods"},
	} {
		limits := map[string]tenant.Limit{gpu.Dimension: {Window: window}, "pods": {}, "secrets": {}}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(demanded(amounts, limits, quota.Calendar{}, now)))); diff != "" {
			t.Errorf("window %q, demanded (-want +got):\n%s", window, diff)
		}
		all := append(slices.Clone(want), "secrets")
		slices.Sort(all)
		if diff := cmp.Diff(all, slices.Sorted(maps.Keys(QuotaLimits(limits, quota.Calendar{}, now)))); diff != "" {
			t.Errorf("window %q, all (-want +got):\n%s", window, diff)
		}
	}
}
