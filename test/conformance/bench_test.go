package conformance

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// creation gives the reviews of a create, as this webhook seals it.
func creation(tb testing.TB, handler http.Handler, manifest string) []Body {
	tb.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	sent, err := Creation(tb.Context(), AskHTTP(server.Client(), server.URL), manifest)
	if err != nil {
		tb.Fatal(err)
	}
	return sent
}

// answer has a review answered without the network.
func answer(handler http.Handler, r Body) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, r.Path+"?timeout=5s", bytes.NewReader(r.Raw))
	request.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, request)
	return w
}

// send wants a review allowed.
func send(tb testing.TB, handler http.Handler, r Body) {
	w := answer(handler, r)
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"allowed":true`)) {
		tb.Fatalf("%s: %d %s", r.Path, w.Code, w.Body)
	}
}

// BenchmarkHandler is the whole webhook without the network: from the bytes of a review to
// the bytes of the answer.
func BenchmarkHandler(b *testing.B) {
	handler, _, _ := webhook(b)
	for _, c := range Benchmarks() {
		for _, r := range creation(b, handler, c.Manifest) {
			b.Run(c.Name+r.Path, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(r.Raw)))
				for b.Loop() {
					send(b, handler, r)
				}
			})
		}
	}
}
