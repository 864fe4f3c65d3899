package webhooks

import (
	"encoding/json"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// FuzzRender: the answer that is written by hand is the one that the standard library writes.
func FuzzRender(f *testing.F) {
	f.Add("705ab4f5", "local:alice", "")
	f.Add("<&>\"\\\n\u2028\x7f\xff", "é", "tab\t")
	f.Fuzz(func(t *testing.T, uid, first, second string) {
		for _, about := range [][]annotation{nil, {{"actor", first}}, {{"actor", first}, {"tenant", second}}} {
			response := admissionv1.AdmissionResponse{UID: types.UID(uid), Allowed: true}
			got, err := render(response, about)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range about {
				if response.AuditAnnotations == nil {
					response.AuditAnnotations = map[string]string{}
				}
				response.AuditAnnotations[a.key] = a.value
			}
			want, err := json.Marshal(admissionv1.AdmissionReview{
				TypeMeta: metav1.TypeMeta{APIVersion: reviewVersion, Kind: reviewKind}, Response: &response,
			})
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	})
}
