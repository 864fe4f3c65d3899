package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func session(name, model string) string {
	return fmt.Sprintf(`apiVersion: research.example.com/v1
kind: ResearchSession
metadata: {name: %s}
spec:
  prompt: What is new here?
  websiteURL: https://example.com
  llmSettings: {model: %q}
---
`, name, model)
}

var offline = []string{"--platform", "testdata/platform.yaml", "--config", "testdata/gatehouse.yaml", "-f", "-"}

func TestCheck(t *testing.T) {
	const tenants = "apiVersion: gatehouse.dev/v1alpha1\nkind: Tenant\nmetadata: {name: %s}\nspec: {}\n"
	three := session("one", "claude-sonnet") + session("two", "claude-3-5-sonnet-20241022") + session("three", "claude-sonnet")
	tests := map[string]struct {
		stdin string
		args  []string
		want  string // outcome and rules of each object
	}{
		"allowed":            {session("one", "claude-sonnet"), []string{"--as", "local:alice"}, "allowed[]"},
		"over the limit":     {three, []string{"--as", "local:alice"}, "allowed[] allowed[] denied[quota/sessions]"},
		"not granted":        {session("one", "claude-opus"), []string{"--as", "local:alice"}, "denied[models/granted]"},
		"foreign":            {session("one", "claude-sonnet"), []string{"--as", "local:bob", "-n", "claude-runner-user-alice"}, "denied[isolation/tenant-membership]"},
		"onboarding":         {fmt.Sprintf(tenants, "erin"), []string{"--as", "local:erin", "--as-email", "erin@initech.example"}, "allowed[]"},
		"onboarding, closed": {fmt.Sprintf(tenants, "erin"), []string{"--as", "local:erin"}, "denied[identity/onboarding-closed]"},
		"another's name":     {fmt.Sprintf(tenants, "bob"), []string{"--as", "local:erin", "--as-email", "erin@initech.example"}, "denied[identity/tenant-name]"},
		"outside":            {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\n", []string{"--as", "local:alice"}, "denied[isolation/tenant-membership]"},
		"cluster-scoped":     {"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a, namespace: x}\n", []string{"--as", "local:alice"}, "denied[isolation/tenant-membership]"},
		"a namespace":        {"apiVersion: v1\nkind: Namespace\nmetadata: {name: claude-runner-user-bob}\n", []string{"--as", "local:alice"}, "denied[isolation/tenant-membership]"},
		"admin":              {session("one", "claude-sonnet"), []string{"--as", "admin", "--as-group", "system:masters", "-n", "claude-runner-user-alice"}, "allowed[]"},
		"service account":    {session("one", "claude-sonnet"), []string{"--as", "system:serviceaccount:claude-runner-user-alice:default"}, "allowed[]"},
		"generateName":       {"apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n", []string{"--as", "local:alice"}, "allowed[]"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			code := 0
			if strings.Contains(tc.want, "denied") {
				code = 1
			}
			args := append(slices.Clone(offline), tc.args...)
			got := run(t, tc.stdin, append([]string{"explain", "-o", "json"}, args...)...)
			var read struct{ Results []judged }
			if err := json.Unmarshal([]byte(got.out), &read); err != nil {
				t.Fatalf("%v: %s%s", err, got.out, got.errout)
			}
			var outcomes []string
			for _, r := range read.Results {
				outcomes = append(outcomes, r.Outcome+fmt.Sprint(r.Rules))
			}
			if text := strings.Join(outcomes, " "); got.code != code || text != tc.want {
				t.Errorf("explain: exit %d with %s, want %d with %s", got.code, text, code, tc.want)
			}
			if got := run(t, tc.stdin, append([]string{"check"}, args...)...); got.code != code || code == 1 && !strings.Contains(got.errout, "denied by ") {
				t.Errorf("check: exit %d: %s%s", got.code, got.out, got.errout)
			}
		})
	}
}

func TestCheckShows(t *testing.T) {
	two := session("one", "claude-sonnet") + session("two", "claude-sonnet")
	run(t, two, append([]string{"check", "--as", "local:alice"}, offline...)...).golden(t, "check/allowed")
	// Under policies of its own: the lines of those built in move with every change.
	unnamed := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n"
	run(t, unnamed+session("one", "claude-sonnet"), append([]string{"explain", "--as", "local:alice", "--policies", newSet(t)}, offline...)...).golden(t, "explain/own-policies")
	tenant := "apiVersion: gatehouse.dev/v1alpha1\nkind: Tenant\nmetadata: {name: erin}\nspec: {}\n"
	run(t, tenant, append([]string{"explain", "--as", "local:erin", "--as-email", "erin@initech.example"}, offline...)...).golden(t, "explain/onboarding")
}

func TestCheckMisuse(t *testing.T) {
	f := file(t, "f", session("one", "claude-sonnet"))
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"no files":           {[]string{"--as", "local:alice"}, 2, "-f FILE is needed"},
		"nobody":             {[]string{"-f", f}, 2, "full username"},
		"no alias":           {[]string{"-f", f, "--as", "alice"}, 2, "full username"},
		"platform alone":     {[]string{"-f", f, "--as", "local:alice", "--platform", "testdata/platform.yaml"}, 2, "--config"},
		"no such platform":   {[]string{"-f", f, "--as", "local:alice", "--platform", "testdata/none", "--config", "testdata/gatehouse.yaml"}, 1, "no such file"},
		"no such config":     {[]string{"-f", f, "--as", "local:alice", "--platform", "testdata/platform.yaml", "--config", "testdata/none"}, 1, "testdata/none"},
		"unknown field":      {[]string{"-f", f, "--as", "local:alice", "--platform", file(t, "p", "apiVersion: gatehouse.dev/v1alpha1\nkind: Tier\nmetadata: {name: t}\nspec: {rang: 1}\n"), "--config", "testdata/gatehouse.yaml"}, 1, "rang"},
		"policies elsewhere": {[]string{"-f", f, "--as", "local:alice", "--platform", "testdata/platform.yaml", "--config", "testdata/gatehouse.yaml", "--policies", t.TempDir()}, 1, "in no set of policies"},
	}
	for name, tc := range tests {
		for _, command := range []string{"check", "explain"} {
			if got := run(t, "", append([]string{command}, tc.args...)...); got.code != tc.code || !strings.Contains(got.errout, tc.says) {
				t.Errorf("%s, %s: exit %d, want %d with %q: %s", name, command, got.code, tc.code, tc.says, got.errout)
			}
		}
	}
}

// A policy of somebody's own is judged like those built in.
func TestCheckUnderOwnPolicies(t *testing.T) {
	dir := newSet(t)
	args := append([]string{"check", "--as", "local:alice", "--policies", dir}, offline...)
	unnamed := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	if got := run(t, unnamed, args...); got.code != 1 || !strings.Contains(got.errout, "denied by net/open: ") {
		t.Errorf("exit %d: %s", got.code, got.errout)
	}
	if got := run(t, strings.Replace(unnamed, "name: a", "name: a, labels: {contact: alice}", 1), args...); got.code != 0 {
		t.Errorf("exit %d: %s", got.code, got.errout)
	}
}
