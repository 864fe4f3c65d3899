package cli

import (
	"slices"
	"strings"
	"testing"
)

// A denial names the line of the rule that made it, and rules that do not object where
// they stopped.
func TestExplainNamesLines(t *testing.T) {
	args := append(slices.Clone(offline), "--as", "local:alice")
	got := run(t, session("one", "claude-opus"), append([]string{"explain"}, args...)...)
	for _, want := range []string{"models/granted: DENIES", "  deny ", "models/granted/rule.rego:", "isolation/tenant-membership: does not object", "  stopped ", "isolation/tenant-membership/rule.rego:"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in:\n%s", want, got.out)
		}
	}
	if got.code != 1 {
		t.Errorf("exit %d: %s", got.code, got.errout)
	}
	got = run(t, session("one", "claude-sonnet")+session("two", "claude-sonnet")+session("three", "claude-sonnet"), append([]string{"explain"}, args...)...)
	if !strings.Contains(got.out, "quota/sessions: DENIES") || !strings.Contains(got.out, "quota/sessions: has something to say") || !strings.Contains(got.out, "1 of sessions") {
		t.Errorf("a demand is not told: exit %d\n%s", got.code, got.out)
	}
}

// The same under policies of somebody's own, where the lines are known.
func TestExplainOwnPolicy(t *testing.T) {
	dir := newSet(t)
	args := append(slices.Clone(offline), "--as", "local:alice", "--policies", dir)
	got := run(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", append([]string{"explain"}, args...)...)
	if want := "net/open/rule.rego:17: ConfigMap \"a\" names nobody"; got.code != 1 || !strings.Contains(strings.Join(strings.Fields(got.out), " "), want) {
		t.Errorf("exit %d, no %q in:\n%s", got.code, want, got.out)
	}
}
