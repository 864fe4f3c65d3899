package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
)

func session(change ...func(*researchv1.ResearchSession)) *researchv1.ResearchSession {
	s := &researchv1.ResearchSession{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s", UID: "session-1"},
		Spec:       researchv1.ResearchSessionSpec{Prompt: "look", WebsiteURL: "https://example.com", Timeout: 300},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func full(s *researchv1.ResearchSession) {
	s.Spec.Prompt = "costs $5, not $(HOME) nor $$"
	s.Spec.LLMSettings = &researchv1.LLMSettings{Model: "claude-sonnet", Temperature: ptr.To(float64(1)), MaxTokens: 8000}
}

// The whole Job, as the API server gets it. GATEHOUSE_GOLDEN=1 writes the file anew.
func TestNewJob(t *testing.T) {
	job := New(session(full), 300, config.Default().Sessions)
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
	for _, v := range environment(session(), 300, config.Default().Sessions) {
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
	s := session()
	s.Annotations = map[string]string{"gatehouse.dev/passport": "v1.k.secret.secret"}
	spec := New(s, 300, config.Default().Sessions).Spec.Template.Spec
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

// TestTemplate: what is judged when a session is made is what its Job will have.
func TestTemplate(t *testing.T) {
	s := session(full)
	raw, err := yaml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = yaml.YAMLToJSON(raw); err != nil {
		t.Fatal(err)
	}
	got, err := Template(raw, config.Default().Sessions)
	if err != nil {
		t.Fatal(err)
	}
	want, err := yaml.Marshal(New(s, s.Spec.Timeout, config.Default().Sessions).Spec.Template)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = yaml.JSONToYAML(got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	if _, err := Template([]byte(`{"spec":{"timeout":"soon"}}`), config.Default().Sessions); err == nil {
		t.Error("a session that cannot be read has a template")
	}
}
