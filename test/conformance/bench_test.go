package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/webhooks"
)

// body is a review as the API server sends it, told apart by path.
type body struct {
	path string
	raw  []byte
}

// reviewsOf are the two reviews, mutating and validating, of one create by alice.
func reviewsOf(tb testing.TB, handler http.Handler, manifest string) []body {
	tb.Helper()
	var sent []body
	server := httptest.NewServer(handler)
	defer server.Close()
	ask := AskHTTP(server.Client(), server.URL)
	r := &Reviewer{Ask: func(ctx context.Context, path string, a *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
		dry := true
		a.DryRun = &dry
		raw, err := json.Marshal(admissionv1.AdmissionReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: a,
		})
		sent = append(sent, body{path, raw})
		if err != nil {
			return nil, err
		}
		return ask(ctx, path, a)
	}}
	answer, err := r.write(tb.Context(), "alice", "CREATE", "claude-runner-user-alice", manifest, nil)
	if err != nil || !answer.Allowed {
		tb.Fatalf("%v %s", err, answer.Message)
	}
	return sent
}

// bigPod has twenty containers.
func bigPod() string {
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec:\n  containers:\n"
	for i := range 20 {
		text += fmt.Sprintf("  - {name: c%d, image: registry.k8s.io/pause, resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 20m, memory: 32Mi}}, env: [{name: A, value: b}, {name: C, value: d}]}\n", i)
	}
	return text
}

// benchmarks are what is created.
var benchmarks = []struct{ name, manifest string }{
	{"small pod", pod("small", "A", "b")},
	{"big pod", bigPod()},
	{"session", session("one", "claude-sonnet")},
	{"config map of 200 KiB", configMap("large", strings.Repeat("x", 200<<10))},
}

// wholeWebhook is the webhook over the sample platform, with everything that is built in.
func wholeWebhook(tb testing.TB) http.Handler {
	tb.Helper()
	sample, err := LoadSample("../..")
	if err != nil {
		tb.Fatal(err)
	}
	g, _, err := NewGate(sample)
	if err != nil {
		tb.Fatal(err)
	}
	metrics, err := audit.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	handler, err := webhooks.New(webhooks.Options{Decider: g, Metrics: metrics})
	if err != nil {
		tb.Fatal(err)
	}
	return handler
}

// send has a review answered without the network.
func (r body) send(tb testing.TB, handler http.Handler) {
	request := httptest.NewRequest(http.MethodPost, r.path+"?timeout=5s", bytes.NewReader(r.raw))
	request.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, request)
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"allowed":true`)) {
		tb.Fatalf("%s: %d %s", r.path, w.Code, w.Body)
	}
}

// BenchmarkHandler is the whole webhook without the network: from the bytes of a review to
// the bytes of the answer.
func BenchmarkHandler(b *testing.B) {
	handler := wholeWebhook(b)
	for _, c := range benchmarks {
		for _, r := range reviewsOf(b, handler, c.manifest) {
			b.Run(c.name+r.path, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(r.raw)))
				for b.Loop() {
					r.send(b, handler)
				}
			})
		}
	}
}
