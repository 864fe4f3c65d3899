package provision

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// usageAt is an account in which so many percent of a limit are used.
func usageAt(tenant string, percent int32) v1alpha1.UsageStatus {
	return v1alpha1.UsageStatus{Tenant: tenant, Tier: "standard", Dimensions: []v1alpha1.UsageDimension{
		{Dimension: "sessions", Used: *resource.NewQuantity(int64(percent), resource.DecimalSI), Limit: "100", Percent: ptr.To(percent), Source: "tier standard"},
		{Dimension: "gpu", Used: resource.MustParse("1"), Reserved: resource.MustParse("2"), Limit: v1alpha1.Unlimited},
		{Dimension: "research/opus/starts", Used: resource.MustParse("1"), Limit: "5"},
	}}
}

// TestLimitsAreTold: once when a limit is nearly used up, once when it is quite, and again
// only after it was not.
func TestLimitsAreTold(t *testing.T) {
	recorder := events.NewFakeRecorder(10)
	r := &usages{told: recorder}
	var said []string
	was := int32(0)
	for _, now := range []int32{79, 80, 95, 100, 100, 80, 100, 10} {
		r.tell(&v1alpha1.Usage{Status: usageAt("alice", now)}, usageAt("alice", was))
		was = now
		for len(recorder.Events) > 0 {
			said = append(said, fmt.Sprint(now, ": ", <-recorder.Events))
		}
	}
	want := []string{
		"80: Warning LimitNear 80 of 100 sessions are used (tier standard)",
		"100: Warning LimitReached 100 of 100 sessions are used (tier standard)",
		"100: Warning LimitReached 100 of 100 sessions are used (tier standard)",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TestMetricsAreBounded: 500 tenants, the dimensions that ship, and how many are left out.
func TestMetricsAreBounded(t *testing.T) {
	m := newUsageMetrics()
	registry := prometheus.NewRegistry()
	if err := registry.Register(m); err != nil {
		t.Fatal(err)
	}
	for n := range mostTenants + 2 {
		m.show(usageAt(fmt.Sprint("t", n), 7))
	}
	read := func() map[string]float64 {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]float64{}
		for _, f := range families {
			for _, x := range f.GetMetric() {
				var labels []string
				for _, l := range x.GetLabel() {
					labels = append(labels, l.GetValue())
				}
				out[strings.Join(append([]string{f.GetName()}, labels...), " ")] = x.GetGauge().GetValue()
			}
		}
		return out
	}
	got := read()
	if series := 3*mostTenants + 1; len(got) != series {
		t.Errorf("%d series, want %d", len(got), series)
	}
	for name, want := range map[string]float64{
		"gatehouse_usage sessions t0 standard":       7,
		"gatehouse_usage_limit sessions t0 standard": 100,
		"gatehouse_usage gpu t0 standard":            3,
		"gatehouse_usage_tenants_left_out":           2,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s is %v (%v), want %v", name, value, there, want)
		}
	}
	// One goes, and there is room for one that was left out.
	m.forget("t0")
	m.show(usageAt(fmt.Sprint("t", mostTenants), 7))
	if left := read()["gatehouse_usage_tenants_left_out"]; left != 1 {
		t.Errorf("%v are left out, want 1", left)
	}
}
