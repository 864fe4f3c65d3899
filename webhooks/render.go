package webhooks

import (
	"encoding/json"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/jsontext"
)

// render writes an answer. One that allows and says nothing more, as nearly all do, is written as
// the standard library would, without its detour through types.
func render(response admissionv1.AdmissionResponse, about []annotation) ([]byte, error) {
	if response.Allowed && response.Result == nil && response.Patch == nil && len(response.Warnings) == 0 {
		return plainly(string(response.UID), about), nil
	}
	for _, a := range about {
		if response.AuditAnnotations == nil {
			response.AuditAnnotations = map[string]string{}
		}
		response.AuditAnnotations[a.key] = a.value
	}
	return json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: reviewVersion, Kind: reviewKind},
		Response: &response,
	})
}

// plainly writes an answer that allows.
func plainly(uid string, about []annotation) []byte {
	b := make([]byte, 0, 640)
	b = append(b, `{"kind":"`+reviewKind+`","apiVersion":"`...)
	b = append(b, reviewVersion...)
	b = jsontext.Append(append(b, `","response":{"uid":`...), uid)
	b = append(b, `,"allowed":true`...)
	for i, a := range about {
		if i == 0 {
			b = append(b, `,"auditAnnotations":{`...)
		} else {
			b = append(b, ',')
		}
		b = jsontext.Append(append(jsontext.Append(b, a.key), ':'), a.value)
	}
	if len(about) > 0 {
		b = append(b, '}')
	}
	return append(b, "}}"...)
}
