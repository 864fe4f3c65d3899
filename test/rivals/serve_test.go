package rivals

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/audit"
)

// TestServedAlike: who is measured as a webhook refuses what the rules refuse, and nothing else.
func TestServedAlike(t *testing.T) {
	handler, err := handlerOf(t.Context(), audit.Discard{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{PathGatehouse, PathOPA} {
		allowed := func(spec string) bool {
			review := fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},`+
				`"resource":{"group":"","version":"v1","resource":"pods"},"name":"a","namespace":"b","operation":"CREATE","userInfo":{},`+
				`"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":%s},"oldObject":null,"dryRun":true,"options":null}}`, spec)
			w, sent := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, strings.NewReader(review))
			sent.Header.Set("Content-Type", "application/json")
			handler.ServeHTTP(w, sent)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"uid":"u"`) {
				t.Fatalf("%s: %d %s", path, w.Code, w.Body)
			}
			return strings.Contains(w.Body.String(), `"allowed":true`)
		}
		if !allowed(small()) || !allowed(big()) {
			t.Errorf("%s refuses a good Pod", path)
		}
		for _, r := range Rules() {
			if allowed(r.broken) {
				t.Errorf("%s allows what %s refuses", path, r.Name)
			}
		}
	}
}
