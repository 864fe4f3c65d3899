package provision

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// mostTenants bounds the label tenant. What is beyond is counted and not shown: Usage
// objects tell of everybody.
const mostTenants = 500

var (
	usageUsed = prometheus.NewDesc("gatehouse_usage",
		"What a tenant holds, or used within the present window, reserved included, in the dimension's unit.",
		[]string{"tenant", "tier", "dimension"}, nil)
	usageLimit = prometheus.NewDesc("gatehouse_usage_limit",
		"The limit in force; none is shown for unlimited.", []string{"tenant", "tier", "dimension"}, nil)
	usageLeftOut = prometheus.NewDesc("gatehouse_usage_tenants_left_out",
		"Tenants that are not shown, to keep the number of series bounded.", nil, nil)
)

// usageMetrics shows the accounts that this process wrote, of the dimensions that ship.
type usageMetrics struct {
	mu    sync.Mutex
	of    map[string]v1alpha1.UsageStatus
	extra map[string]bool
}

func newUsageMetrics() *usageMetrics {
	return &usageMetrics{of: map[string]v1alpha1.UsageStatus{}, extra: map[string]bool{}}
}

func (m *usageMetrics) show(status v1alpha1.UsageStatus) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, shown := m.of[status.Tenant]; !shown && len(m.of) >= mostTenants {
		m.extra[status.Tenant] = true
		return
	}
	delete(m.extra, status.Tenant)
	m.of[status.Tenant] = status
}

func (m *usageMetrics) forget(tenant string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of, tenant)
	delete(m.extra, tenant)
}

// Describe implements prometheus.Collector.
func (m *usageMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- usageUsed
	out <- usageLimit
	out <- usageLeftOut
}

// Collect implements prometheus.Collector.
func (m *usageMetrics) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out <- prometheus.MustNewConstMetric(usageLeftOut, prometheus.GaugeValue, float64(len(m.extra)))
	for _, status := range m.of {
		for _, d := range status.Dimensions {
			if quota.Unit(d.Dimension) == "" {
				continue // a name that a policy or a tier chose
			}
			sum := d.Used.DeepCopy()
			sum.Add(d.Reserved)
			labels := []string{status.Tenant, status.Tier, d.Dimension}
			out <- prometheus.MustNewConstMetric(usageUsed, prometheus.GaugeValue, sum.AsApproximateFloat64(), labels...)
			if limit, ok := limitAmount(d.Limit); ok {
				out <- prometheus.MustNewConstMetric(usageLimit, prometheus.GaugeValue, limit, labels...)
			}
		}
	}
}

// limitAmount reads a limit; ok is false for unlimited.
func limitAmount(limit string) (amount float64, ok bool) {
	q, err := resource.ParseQuantity(limit)
	return q.AsApproximateFloat64(), err == nil
}
