package session

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

func TestStatusPatch(t *testing.T) {
	s := inPhase("Running")
	same := *s.Status.DeepCopy()
	same.FinalOutput, same.Messages, same.Cost = "not ours", nil, ptr.To(3.0)
	if patch, err := statusPatch(s, same); err != nil || patch != nil {
		t.Fatalf("a patch of what is not ours: %s, %v", patch, err)
	}
	want := *s.Status.DeepCopy()
	want.Phase, want.CompletionTime, want.SpecHash = researchv1.PhaseCompleted, at(0), ""
	want.Conditions = []metav1.Condition{{Type: "Finished", Status: "True", Reason: "Completed", Message: "m", LastTransitionTime: *at(0)}}
	data, err := statusPatch(s, want)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{
		"metadata": map[string]any{"resourceVersion": "7", "uid": "session-1"},
		"status": map[string]any{
			"phase": "Completed", "completionTime": "2026-03-01T12:00:00Z", "specHash": "",
			"conditions": []any{map[string]any{"type": "Finished", "status": "True", "reason": "Completed", "message": "m", "lastTransitionTime": "2026-03-01T12:00:00Z"}},
		},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
