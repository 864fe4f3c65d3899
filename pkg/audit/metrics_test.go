package audit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.dev/gatehouse/pkg/review"
)

// counts flattens what a registry gathers: name{label="value",...} to its value, for a
// histogram its count.
func counts(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", label.GetName(), label.GetValue()))
			}
			value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
			got[family.GetName()+"{"+strings.Join(labels, ",")+"}"] = value
		}
	}
	return got
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	denied := Record{Phase: review.Validating, Entry: review.EntryTenant, Outcome: review.Denied, Rules: []string{"models/granted", "models/granted", "bad rule\n"}}
	m.Observe(denied)
	for _, phase := range []review.Phase{review.Mutating, review.Validating} {
		m.Observe(Record{Phase: phase, Entry: review.EntryPlatform, Outcome: review.Allowed, Trace: review.Trace{Audited: []string{"pods/images", "pods/images", "bad rule\n"}}})
	}
	m.Observe(Record{Phase: review.Mutating, Entry: review.EntryGuests, Outcome: review.Allowed, Latency: time.Millisecond})
	m.Observe(Record{Phase: review.Validating, Entry: review.EntryTenant, Outcome: review.Broken, Rules: []string{"never/counted"}})
	for _, phase := range []review.Phase{review.Mutating, review.Validating} {
		m.Observe(Record{Phase: phase, Entry: review.EntryNamespaces, Outcome: review.Allowed, Trace: review.Trace{BreakGlass: true}})
	}
	m.Rejected("malformed")
	m.Panicked()
	m.AddBytes(100)
	m.AddBytes(-40)
	m.AddRequests(1)
	l := NewLog(brokenDisk{})
	if err := WatchLog(registry, l); err != nil {
		t.Fatal(err)
	}
	l.Record(Record{Phase: review.Validating})

	want := map[string]float64{
		`gatehouse_admission_duration_seconds{entry="tenant",phase="validating"}`:                      2,
		`gatehouse_admission_duration_seconds{entry="guests",phase="mutating"}`:                        1,
		`gatehouse_admission_decisions_total{entry="tenant",outcome="denied",phase="validating"}`:      1,
		`gatehouse_admission_decisions_total{entry="tenant",outcome="error",phase="validating"}`:       1,
		`gatehouse_admission_decisions_total{entry="guests",outcome="allowed",phase="mutating"}`:       1,
		`gatehouse_admission_denials_total{phase="validating",rule="models/granted"}`:                  2,
		`gatehouse_admission_denials_total{phase="validating",rule="other"}`:                           1,
		`gatehouse_admission_duration_seconds{entry="platform",phase="mutating"}`:                      1,
		`gatehouse_admission_duration_seconds{entry="platform",phase="validating"}`:                    1,
		`gatehouse_admission_decisions_total{entry="platform",outcome="allowed",phase="mutating"}`:     1,
		`gatehouse_admission_decisions_total{entry="platform",outcome="allowed",phase="validating"}`:   1,
		`gatehouse_admission_audited_total{rule="pods/images"}`:                                        1,
		`gatehouse_admission_audited_total{rule="other"}`:                                              1,
		`gatehouse_admission_rejected_total{reason="malformed"}`:                                       1,
		`gatehouse_admission_duration_seconds{entry="namespaces",phase="mutating"}`:                    1,
		`gatehouse_admission_duration_seconds{entry="namespaces",phase="validating"}`:                  1,
		`gatehouse_admission_decisions_total{entry="namespaces",outcome="allowed",phase="mutating"}`:   1,
		`gatehouse_admission_decisions_total{entry="namespaces",outcome="allowed",phase="validating"}`: 1,
		`gatehouse_break_glass_writes_total{}`:                                                         1,
		`gatehouse_admission_panics_total{}`:                                                           1,
		`gatehouse_admission_bytes_in_flight{}`:                                                        60,
		`gatehouse_admission_requests_in_flight{}`:                                                     1,
		`gatehouse_decision_log_lost_lines_total{}`:                                                    1,
	}
	if diff := cmp.Diff(want, counts(t, registry)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	totals := Totals{Decisions: 4, Denials: map[string]uint64{"models/granted": 2, "other": 1}, Audited: map[string]uint64{"pods/images": 1, "other": 1}}
	if diff := cmp.Diff(totals, m.Totals()); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

func TestRuleLabelsAreBounded(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxRules {
		m.Observe(Record{Phase: review.Validating, Rules: []string{fmt.Sprintf("made-up/rule-%d", i)}})
	}
	if got := len(m.Totals().Denials); got != maxRules+1 {
		t.Errorf("%d rules, want %d and other", got, maxRules)
	}
	if got := m.Totals().Denials["other"]; got != 2*maxRules {
		t.Errorf("other = %d, want %d", got, 2*maxRules)
	}
}

func TestBucketsAreFine(t *testing.T) {
	for i := 1; i < len(buckets); i++ {
		if ratio := buckets[i] / buckets[i-1]; ratio <= 1 || ratio > 2.51 {
			t.Errorf("bucket %v follows %v", buckets[i], buckets[i-1])
		}
	}
}

func TestNewMetricsTwiceFails(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := NewMetrics(registry); err != nil {
		t.Fatal(err)
	}
	_, err := NewMetrics(registry)
	var again prometheus.AlreadyRegisteredError
	if !errors.As(err, &again) {
		t.Errorf("second registration: %v", err)
	}
}
