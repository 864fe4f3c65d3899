package audit

import "github.com/prometheus/client_golang/prometheus"

// PolicyFigures say what a replica decides by.
type PolicyFigures struct {
	// Digest of the set in force.
	Digest string
	// Loaded and Rejected count stored policies and other origins that are in force, and
	// that are not in their newest version.
	Loaded, Rejected int
	// Failed: the newest set as a whole is not in force.
	Failed bool
	// Stuck evaluations outlive their answer.
	Stuck int64
}

type policyCollector struct {
	figures func() PolicyFigures
	info    *prometheus.Desc
	count   *prometheus.Desc
	failed  *prometheus.Desc
	stuck   *prometheus.Desc
}

// WatchPolicies exposes what is in force. The digest is a label of one series, which
// moves on with it.
func WatchPolicies(registry prometheus.Registerer, figures func() PolicyFigures) error {
	return registry.Register(&policyCollector{
		figures: figures,
		info:    prometheus.NewDesc("gatehouse_policy_set_info", "The set of policies in force, by digest.", []string{"digest"}, nil),
		count:   prometheus.NewDesc("gatehouse_policies", "Stored policies and other origins, by state: loaded, or rejected, in which case the last good version of it stays.", []string{"state"}, nil),
		failed:  prometheus.NewDesc("gatehouse_policy_set_failed", "1 while the newest set as a whole is not in force.", nil, nil),
		stuck:   prometheus.NewDesc("gatehouse_policy_evaluations_stuck", "Evaluations that outlive their answer; from four on the replica is not ready.", nil, nil),
	})
}

// Describe is for the registry.
func (c *policyCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.info
	out <- c.count
	out <- c.failed
	out <- c.stuck
}

// Collect is for the registry.
func (c *policyCollector) Collect(out chan<- prometheus.Metric) {
	f := c.figures()
	failed := 0.0
	if f.Failed {
		failed = 1
	}
	out <- prometheus.MustNewConstMetric(c.info, prometheus.GaugeValue, 1, f.Digest)
	out <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(f.Loaded), "loaded")
	out <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(f.Rejected), "rejected")
	out <- prometheus.MustNewConstMetric(c.failed, prometheus.GaugeValue, failed)
	out <- prometheus.MustNewConstMetric(c.stuck, prometheus.GaugeValue, float64(f.Stuck))
}
