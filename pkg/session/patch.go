package session

import (
	"bytes"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// ours are the fields of a status that the controller writes.
type ours struct {
	Phase          researchv1.Phase   `json:"phase"`
	Message        string             `json:"message"`
	StartTime      *metav1.Time       `json:"startTime"`
	CompletionTime *metav1.Time       `json:"completionTime"`
	JobName        string             `json:"jobName"`
	SpecHash       string             `json:"specHash"`
	Conditions     []metav1.Condition `json:"conditions"`
}

func oursOf(s researchv1.ResearchSessionStatus) ours {
	return ours{s.Phase, s.Message, s.StartTime, s.CompletionTime, s.JobName, s.SpecHash, s.Conditions}
}

// statusPatch is a JSON merge patch (RFC 7386) of the session itself, which has no status
// subresource, that takes its status to what is wanted, or nil when nothing differs. It
// names only what differs, so that the runner's fields are never in it, and fails when the
// session is not the one that was read.
func statusPatch(s *researchv1.ResearchSession, want researchv1.ResearchSessionStatus) ([]byte, error) {
	before, err := split(oursOf(s.Status))
	if err != nil {
		return nil, err
	}
	after, err := split(oursOf(want))
	if err != nil {
		return nil, err
	}
	for name, value := range after {
		if bytes.Equal(before[name], value) {
			delete(after, name)
		}
	}
	if len(after) == 0 {
		return nil, nil
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": s.ResourceVersion, "uid": s.UID},
		"status":   after,
	})
	if err != nil {
		return nil, fmt.Errorf("patch of the status: %w", err)
	}
	return patch, nil
}

func split(o ours) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("patch of the status: %w", err)
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("patch of the status: %w", err)
	}
	return out, nil
}
