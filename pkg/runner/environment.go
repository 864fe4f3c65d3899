package runner

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
)

// What a session means that has llmSettings without these.
const (
	defaultTemperature = 0.7
	defaultMaxTokens   = 4000
)

// environment is what Claude Runner's program reads. The program never looks at LLM_MODEL,
// so the variables that its SDK obeys name the same model: what was judged at admission is
// what runs.
func environment(s *researchv1.ResearchSession, seconds int64, c config.Sessions) []corev1.EnvVar {
	model, temperature, maxTokens := c.DefaultModel, float64(defaultTemperature), int64(defaultMaxTokens)
	if l := s.Spec.LLMSettings; l != nil {
		if l.Model != "" {
			model = l.Model
		}
		if l.Temperature != nil {
			temperature = *l.Temperature
		}
		if l.MaxTokens != 0 {
			maxTokens = l.MaxTokens
		}
	}
	value := func(name, value string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: literal(value)} }
	return []corev1.EnvVar{
		value("RESEARCH_SESSION_NAME", s.Name),
		value("RESEARCH_SESSION_NAMESPACE", s.Namespace),
		value("PROMPT", s.Spec.Prompt),
		value("WEBSITE_URL", s.Spec.WebsiteURL),
		value("LLM_MODEL", model),
		value("LLM_TEMPERATURE", fmt.Sprintf("%.2f", temperature)),
		value("LLM_MAX_TOKENS", strconv.FormatInt(maxTokens, 10)),
		value("ANTHROPIC_MODEL", model),
		value("ANTHROPIC_SMALL_FAST_MODEL", model),
		value("TIMEOUT", strconv.FormatInt(seconds, 10)),
		value("BACKEND_API_URL", c.BackendURL),
		{Name: "ANTHROPIC_API_KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: c.Secret.Name}, Key: c.Secret.Key,
		}}},
		value("HOME", "/tmp"),
		value("XDG_CONFIG_HOME", "/tmp/.config"),
		value("XDG_CACHE_HOME", "/tmp/.cache"),
		value("XDG_DATA_HOME", "/tmp/.local/share"),
		value("PW_CHROMIUM_ARGS", "--no-sandbox --disable-gpu"),
		value("PLAYWRIGHT_BROWSERS_PATH", "/tmp/.cache/ms-playwright"),
	}
}
