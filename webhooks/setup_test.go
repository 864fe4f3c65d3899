package webhooks

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/review"
)

// decider makes a Decider of a function.
type decider func(context.Context, review.Request) review.Verdict

func (d decider) Handle(ctx context.Context, r review.Request) review.Verdict { return d(ctx, r) }

func always(v review.Verdict) decider {
	return func(context.Context, review.Request) review.Verdict { return v }
}

var (
	allows = always(review.Verdict{Outcome: review.Allowed})
	panics = decider(func(context.Context, review.Request) review.Verdict { panic("secret-in-a-panic") })
)

// memory is a Sink that a test can read.
type memory struct {
	mu      sync.Mutex
	records []audit.Record
}

func (m *memory) Record(r audit.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, r)
}

func (m *memory) all() []audit.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]audit.Record(nil), m.records...)
}

// rig is a handler with what it tells.
type rig struct {
	*Handler
	log      *memory
	registry *prometheus.Registry
}

func newRig(t testing.TB, d Decider, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{log: &memory{}, registry: prometheus.NewRegistry()}
	metrics, err := audit.NewMetrics(r.registry)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Decider: d, Log: r.log, Metrics: metrics}
	for _, c := range change {
		c(&o)
	}
	if r.Handler, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

// value is one metric's value, labels as k=v pairs.
func (r *rig) value(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() != name {
				continue
			}
			have := map[string]bool{}
			for _, label := range metric.GetLabel() {
				have[label.GetName()+"="+label.GetValue()] = true
			}
			match := true
			for _, label := range labels {
				match = match && have[label]
			}
			if match {
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return 0
}

// post sends a body as the API server does.
func (r *rig) post(path, body string) *http.Response {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return r.send(request)
}

func (r *rig) send(request *http.Request) *http.Response {
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, request)
	return recorder.Result()
}

func text(t testing.TB, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// answer reads a 200's AdmissionReview.
func answer(t testing.TB, response *http.Response) *admissionv1.AdmissionResponse {
	t.Helper()
	body := text(t, response)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", response.StatusCode, body)
	}
	if got := response.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	var got admissionv1.AdmissionReview
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.APIVersion != "admission.k8s.io/v1" || got.Kind != "AdmissionReview" || got.Response == nil || got.Request != nil {
		t.Fatalf("not an answer: %s", body)
	}
	return got.Response
}

// valid is a proper review; every bad input is made from it.
const valid = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{` +
	`"uid":"705ab4f5","kind":{"group":"","version":"v1","kind":"ConfigMap"},` +
	`"resource":{"group":"","version":"v1","resource":"configmaps"},` +
	`"name":"notes","namespace":"claude-runner-user-alice","operation":"CREATE",` +
	`"userInfo":{"username":"local:alice","groups":["gatehouse:users"]},` +
	`"object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"notes"}},` +
	`"oldObject":null,"dryRun":false,"options":null}}`

// with replaces a part of the valid review that must be there.
func with(t testing.TB, old, replacement string) string {
	t.Helper()
	if strings.Count(valid, old) != 1 {
		t.Fatalf("%q is not once in the valid review", old)
	}
	return strings.Replace(valid, old, replacement, 1)
}
