package session

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
)

func full(s *researchv1.ResearchSession) {
	s.Spec.Prompt = "costs $5, not $(HOME) nor $$"
	s.Spec.LLMSettings = &researchv1.LLMSettings{Model: "claude-sonnet", Temperature: ptr.To(float64(1)), MaxTokens: 8000}
}

// The whole Job, as the API server gets it. GATEHOUSE_GOLDEN=1 writes the file anew.
func TestNewJob(t *testing.T) {
	job := newJob(inPhase("Pending", full), 300, config.Default().Sessions)
	got, err := yaml.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "job.yaml")
	if os.Getenv("GATEHOUSE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEnvironmentWithoutSettings(t *testing.T) {
	got := map[string]string{}
	for _, v := range environment(inPhase("Pending"), 300, config.Default().Sessions) {
		got[v.Name] = v.Value
	}
	for name, want := range map[string]string{
		"LLM_MODEL": "claude-3-5-sonnet-20241022", "ANTHROPIC_MODEL": "claude-3-5-sonnet-20241022",
		"LLM_TEMPERATURE": "0.70", "LLM_MAX_TOKENS": "4000", "TIMEOUT": "300", "ANTHROPIC_API_KEY": "",
	} {
		if have, ok := got[name]; !ok || have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
}

// Neither a passport nor a token of the API server goes into a Pod.
func TestJobCarriesNoCredentialOfOurs(t *testing.T) {
	s := inPhase("Pending")
	s.Annotations = map[string]string{"gatehouse.dev/passport": "v1.k.secret.secret"}
	spec := newJob(s, 300, config.Default().Sessions).Spec.Template.Spec
	text, err := yaml.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ptr.To(false), spec.AutomountServiceAccountToken); diff != "" {
		t.Errorf("automount (-want +got):\n%s", diff)
	}
	if c := string(text); strings.Contains(c, "v1.k.secret") || strings.Contains(c, "serviceAccountToken") {
		t.Errorf("a credential in:\n%s", c)
	}
	for _, v := range spec.Volumes {
		if v.EmptyDir == nil || v.EmptyDir.Medium != corev1.StorageMediumMemory {
			t.Errorf("volume %s is no shared memory", v.Name)
		}
	}
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
