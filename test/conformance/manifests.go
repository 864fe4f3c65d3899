package conformance

import (
	"fmt"
	"strings"
)

func configMap(name string, data ...string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {text: %q}\n", name, strings.Join(data, " "))
}

func annotated(name, key, value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  annotations: {%s: %q}\n", name, key, value)
}

func session(name, model string) string {
	s := fmt.Sprintf("apiVersion: research.example.com/v1\nkind: ResearchSession\nmetadata: {name: %s}\nspec:\n  prompt: Summarise this page\n  websiteURL: https://example.com\n", name)
	if model != "" {
		s += fmt.Sprintf("  llmSettings: {model: %q, temperature: 0.7, maxTokens: 4000}\n", model)
	}
	return s
}

const podSpec = `restartPolicy: Never
%[1]scontainers:
%[1]s- name: runner
%[1]s  image: quay.io/gkrumbach07/claude-runner:latest
%[1]s  env: [{name: %[2]s, value: %[3]q}]
`

func pod(name, env, value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  ", name) + fmt.Sprintf(podSpec, "  ", env, value)
}

func job(name, env, value string) string {
	return fmt.Sprintf("apiVersion: batch/v1\nkind: Job\nmetadata: {name: %s}\nspec:\n  template:\n    spec:\n      ", name) +
		fmt.Sprintf(podSpec, "      ", env, value)
}

// Filler is one of the sessions that Case.Fill asks for.
func Filler(i int) string { return session(fmt.Sprintf("fill-%d", i), "claude-sonnet") }
