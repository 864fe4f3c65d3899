package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Body is a review as the API server sends it to a path.
type Body struct {
	Path string
	Raw  []byte
}

// Creation gives the two reviews, mutating and validating, of alice's dry run of a create:
// the second holds what the webhook answered to the first.
func Creation(ctx context.Context, ask Ask, manifest string) ([]Body, error) {
	var sent []Body
	r := &Reviewer{Ask: func(ctx context.Context, path string, a *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
		dry := true
		a.DryRun = &dry
		raw, err := json.Marshal(admissionv1.AdmissionReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: a,
		})
		if err != nil {
			return nil, fmt.Errorf("encode review: %w", err)
		}
		sent = append(sent, Body{path, raw})
		return ask(ctx, path, a)
	}}
	answer, err := r.write(ctx, "alice", "CREATE", prefix+"alice", manifest, nil)
	if err != nil {
		return nil, err
	}
	if !answer.Allowed {
		return nil, fmt.Errorf("the create was denied: %s", answer.Message)
	}
	return sent, nil
}

// Benchmarks are what is created where costs are measured.
func Benchmarks() []Benchmark {
	return []Benchmark{
		{"small pod", pod("small", "A", "b")},
		{"big pod", bigPod()},
		{"session", session("one", "claude-sonnet")},
		{"config map of 200 KiB", configMap("large", strings.Repeat("x", 200<<10))},
	}
}

// Benchmark is a manifest with a name.
type Benchmark struct{ Name, Manifest string }

// bigPod has twenty containers.
func bigPod() string {
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec:\n  containers:\n"
	for i := range 20 {
		text += fmt.Sprintf("  - {name: c%d, image: registry.k8s.io/pause, resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 20m, memory: 32Mi}}, env: [{name: A, value: b}, {name: C, value: d}]}\n", i)
	}
	return text
}
