package webhooks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/webhooks"
)

// allower lets everything pass, so that a body that should not have reached it shows.
type allower struct{ asked *review.Request }

func (a *allower) Handle(_ context.Context, r review.Request) review.Verdict {
	a.asked = &r
	return review.Verdict{Outcome: review.Allowed}
}

// FuzzBody sends any bytes as the body of a review: no panic, no allow for what an
// independent reader does not take for a review, no other status than the agreed ones.
func FuzzBody(f *testing.F) {
	reviews, err := filepath.Glob("testdata/*/request.json")
	if err != nil || len(reviews) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range reviews {
		seed, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
		f.Add(bytes.ReplaceAll(seed, []byte(`"request"`), []byte(`"Request"`)))
		f.Add(bytes.ReplaceAll(seed, []byte(`"uid"`), []byte(`"uid":"","uid"`)))
		f.Add(seed[:len(seed)/2])
	}
	for _, seed := range []string{
		"", "null", "{}", "[]", `"`, "\x00", "\xff\xfe",
		`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`,
		`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"a","operation":""}}`,
		`{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{}}`,
		`{"request":{"request":{"request":{}}}}`,
	} {
		f.Add([]byte(seed))
	}
	const limit = 64 << 10
	// One handler for all of them, as a webhook has: each holds a pipe.
	metrics, err := audit.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		f.Fatal(err)
	}
	decider := &allower{}
	handler, err := webhooks.New(webhooks.Options{
		Decider: decider, Log: audit.NewLog(io.Discard), Metrics: metrics, MaxBodyBytes: limit,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		decider.asked = nil
		request := httptest.NewRequest(http.MethodPost, "/validate/tenant?timeout=5s", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		judge(t, body, recorder, decider.asked, limit)
	})
}

// judge checks an answer against a lenient reader of its own.
func judge(t *testing.T, body []byte, recorder *httptest.ResponseRecorder, asked *review.Request, limit int) {
	t.Helper()
	switch recorder.Code {
	case http.StatusOK:
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable:
		if asked != nil {
			t.Fatalf("%d after the decider was asked", recorder.Code)
		}
		if bytes.Count(recorder.Body.Bytes(), []byte("\n")) != 1 {
			t.Fatalf("the reason is not one line: %q", recorder.Body)
		}
		return
	default:
		t.Fatalf("status %d: %s", recorder.Code, recorder.Body)
	}
	if len(body) > limit {
		t.Fatalf("%d bytes were decided", len(body))
	}
	// Maps, because the API server and the policies tell keys by their exact case too.
	var in map[string]any
	var out admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &in); err != nil {
		t.Fatalf("allowed what is no JSON: %v", err)
	}
	if dig(in, "apiVersion") != "admission.k8s.io/v1" || dig(in, "kind") != "AdmissionReview" {
		t.Fatalf("allowed what is no review: %q", body)
	}
	uid := dig(in, "request", "uid")
	if uid == "" || dig(in, "request", "operation") == "" || dig(in, "request", "kind", "kind") == "" || dig(in, "request", "resource", "resource") == "" {
		t.Fatalf("allowed a review without uid, operation, kind or resource: %q", body)
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &out); err != nil || out.Response == nil {
		t.Fatalf("no answer: %v in %q", err, recorder.Body)
	}
	if asked == nil || !out.Response.Allowed || string(out.Response.UID) != uid || out.Response.Patch != nil {
		t.Fatalf("answer %+v to %q", out.Response, body)
	}
	if asked.UID != uid || asked.Subject.Username != dig(in, "request", "userInfo", "username") || asked.Namespace != dig(in, "request", "namespace") {
		t.Fatalf("two readers saw two requests: %+v and %+v", asked, in)
	}
}

// dig reads a string below maps, "" where there is none.
func dig(value any, path ...string) string {
	for _, key := range path {
		members, _ := value.(map[string]any)
		value = members[key]
	}
	found, _ := value.(string)
	return found
}
