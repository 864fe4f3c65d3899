package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AskHTTP sends reviews to a webhook at a base URL.
func AskHTTP(client *http.Client, base string) Ask {
	return func(ctx context.Context, path string, r *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
		body, err := json.Marshal(admissionv1.AdmissionReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
			Request:  r,
		})
		if err != nil {
			return nil, fmt.Errorf("encode review: %w", err)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path+"?timeout=5s", bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("post %s: %w", path, err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return nil, fmt.Errorf("post %s: %w", path, err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, fmt.Errorf("read the answer of %s: %w", path, err)
		}
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s answered HTTP %d: %s", path, response.StatusCode, text)
		}
		var out admissionv1.AdmissionReview
		if err := json.Unmarshal(text, &out); err != nil {
			return nil, fmt.Errorf("decode the answer of %s: %w", path, err)
		}
		if out.Response == nil || out.Response.UID != r.UID {
			return nil, fmt.Errorf("the answer of %s is for another request", path)
		}
		return out.Response, nil
	}
}
