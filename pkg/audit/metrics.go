package audit

import (
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.dev/gatehouse/pkg/review"
)

// maxRules bounds the label values of denials, and of what is audited; what is beyond counts as "other".
const maxRules = 256

// buckets run from 0.1 ms to the 5 s that the API server waits, in seconds: fine where
// answers normally lie.
var buckets = []float64{
	.0001, .00025, .0005, .00075, .001, .0015, .002, .003, .004, .005, .0075,
	.01, .015, .02, .03, .05, .075, .1, .2, .35, .5, .75, 1, 1.5, 2, 3, 4, 4.5, 5,
}

// ruleName is what a rule may look like to become a label value.
var ruleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(/[A-Za-z0-9][A-Za-z0-9._-]{0,62}){1,3}$`)

// Metrics are the counters of the deciding server.
type Metrics struct {
	duration  *prometheus.HistogramVec
	decisions *prometheus.CounterVec
	denials   *prometheus.CounterVec
	audited   *prometheus.CounterVec
	rejected  *prometheus.CounterVec
	panics    prometheus.Counter

	breakGlass prometheus.Counter

	bytes    prometheus.Gauge
	requests prometheus.Gauge

	mu     sync.Mutex
	totals Totals
}

// Totals are counts since the start, for a replica's report about itself.
type Totals struct {
	// Decisions counts validating verdicts, whatever they said.
	Decisions uint64
	// Denials counts denials by rule, both phases.
	Denials map[string]uint64
	// Audited counts by rule the writes that it would have denied: it is set to warn or to
	// audit, or its tenant is exempt.
	Audited map[string]uint64
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_admission_duration_seconds", Buckets: buckets,
			Help: "Time from the arrival of a review to its answer.",
		}, []string{"phase", "entry"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_admission_decisions_total",
			Help: "Verdicts: allowed, denied, error (we failed) or retry (HTTP 503).",
		}, []string{"phase", "entry", "outcome"}),
		denials: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_admission_denials_total",
			Help: "Denials by the rule that denied.",
		}, []string{"phase", "rule"}),
		audited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_admission_audited_total",
			Help: "Writes that a rule would have denied, by rule: it is set to warn or to audit.",
		}, []string{"rule"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_admission_rejected_total",
			Help: "Requests that never reached a decision, by reason.",
		}, []string{"reason"}),
		breakGlass: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gatehouse_break_glass_writes_total",
			Help: "Writes allowed because of who wrote them, in an emergency. Every one is worth an alarm.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gatehouse_admission_panics_total",
			Help: "Panics recovered while deciding.",
		}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_admission_bytes_in_flight",
			Help: "Bytes of review bodies held.",
		}),
		requests: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_admission_requests_in_flight",
			Help: "Reviews being decided.",
		}),
		totals: Totals{Denials: map[string]uint64{}, Audited: map[string]uint64{}},
	}
	for _, c := range []prometheus.Collector{m.duration, m.decisions, m.denials, m.audited, m.rejected, m.breakGlass, m.panics, m.bytes, m.requests} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Observe counts one verdict.
func (m *Metrics) Observe(r Record) {
	phase, entry := string(r.Phase), string(r.Entry)
	m.duration.WithLabelValues(phase, entry).Observe(r.Latency.Seconds())
	m.decisions.WithLabelValues(phase, entry, r.Outcome.String()).Inc()
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Phase == review.Validating {
		m.totals.Decisions++
		if r.Trace.BreakGlass {
			m.breakGlass.Inc()
		}
		for _, rule := range slices.Compact(slices.Sorted(slices.Values(r.Trace.Audited))) {
			rule = bounded(m.totals.Audited, rule)
			m.totals.Audited[rule]++
			m.audited.WithLabelValues(rule).Inc()
		}
	}
	if r.Outcome != review.Denied {
		return
	}
	for _, rule := range r.Rules {
		rule = bounded(m.totals.Denials, rule)
		m.totals.Denials[rule]++
		m.denials.WithLabelValues(phase, rule).Inc()
	}
}

// bounded keeps the number of label values finite whatever the rules are called.
func bounded(counted map[string]uint64, rule string) string {
	if _, known := counted[rule]; known {
		return rule
	}
	if len(counted) >= maxRules || !ruleName.MatchString(rule) {
		return "other"
	}
	return rule
}

// Rejected counts a request that reached no decision.
func (m *Metrics) Rejected(reason string) { m.rejected.WithLabelValues(reason).Inc() }

// Panicked counts a recovered panic.
func (m *Metrics) Panicked() { m.panics.Inc() }

// AddBytes changes the bytes in flight.
func (m *Metrics) AddBytes(n int64) { m.bytes.Add(float64(n)) }

// AddRequests changes the reviews in flight.
func (m *Metrics) AddRequests(n int) { m.requests.Add(float64(n)) }

// Totals returns a copy of the counts since the start.
func (m *Metrics) Totals() Totals {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Totals{Decisions: m.totals.Decisions, Denials: maps.Clone(m.totals.Denials), Audited: maps.Clone(m.totals.Audited)}
}

// WatchLog exposes how many lines of the decision log were lost.
func WatchLog(registry prometheus.Registerer, l *Log) error {
	return registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "gatehouse_decision_log_lost_lines_total",
		Help: "Lines of the decision log that could not be written.",
	}, func() float64 { return float64(l.Failed()) }))
}
