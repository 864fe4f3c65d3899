package session

import (
	"testing"

	"k8s.io/utils/ptr"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

func full(s *researchv1.ResearchSession) {
	s.Spec.Prompt = "costs $5, not $(HOME) nor $$"
	s.Spec.LLMSettings = &researchv1.LLMSettings{Model: "claude-sonnet", Temperature: ptr.To(float64(1)), MaxTokens: 8000}
}

func TestSpecHash(t *testing.T) {
	hash := func(change func(*researchv1.ResearchSession)) string {
		h, err := specHash(inPhase("Pending", change).Spec)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	same := hash(func(*researchv1.ResearchSession) {})
	if hash(func(s *researchv1.ResearchSession) { s.Spec.DisplayName = "by the runner" }) != same {
		t.Error("the runner's displayName changes the hash")
	}
	if hash(stopped) != same {
		t.Error("stop changes the hash")
	}
	for name, change := range map[string]func(*researchv1.ResearchSession){
		"prompt": func(s *researchv1.ResearchSession) { s.Spec.Prompt = "other" }, "timeout": func(s *researchv1.ResearchSession) { s.Spec.Timeout = 1 }, "model": full,
	} {
		if hash(change) == same {
			t.Errorf("%s does not change the hash", name)
		}
	}
}

func TestCut(t *testing.T) {
	for in, want := range map[string]string{"short": "short", "  around  ": "around", "0123456789a": "0123456...", "012345ü789a": "012345...", "a\xff": "a?"} {
		if got := cut(in, 10); got != want {
			t.Errorf("cut(%q) = %q, want %q", in, got, want)
		}
	}
}
