package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

// newSet starts a set of two policies in a folder of the test's own.
func newSet(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, policy := range []string{"images/signed-by", "net/open"} {
		if got := run(t, "", "policy", "new", filepath.Join(dir, policy)); got.code != 0 {
			t.Fatalf("exit %d: %s", got.code, got.errout)
		}
	}
	return dir
}

// edit replaces one text in a file of the set.
func edit(t *testing.T, name, old, new string) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(raw), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNewPolicyProvesItself(t *testing.T) {
	dir := newSet(t)
	got := run(t, "", "policy", "test", dir)
	got.golden(t, "policy/test")
	run(t, "", "policy", "coverage", dir).golden(t, "policy/coverage")
	run(t, "", "policy", "coverage", dir, "-o", "json").golden(t, "policy/coverage-json")
	if got := run(t, "", "policy", "fmt", "--check", dir); got.code != 0 || got.out != "" {
		t.Errorf("fmt --check: exit %d: %s%s", got.code, got.out, got.errout)
	}
	got = run(t, "", "policy", "check", dir)
	if got.code != 0 || !strings.Contains(got.out, "digest sha256:") || !strings.Contains(got.out, "images/signed-by   deny") {
		t.Errorf("check: exit %d: %s%s", got.code, got.out, got.errout)
	}
	var report policytest.Report
	if err := json.Unmarshal([]byte(run(t, "", "policy", "test", filepath.Join(dir, "net"), "-o", "json").out), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Policies) != 1 || report.Policies[0].Rule != "net/open" || report.Digest == "" || report.Problems == nil {
		t.Errorf("one area only: %+v", report)
	}
}

func TestNewPolicyRefuses(t *testing.T) {
	dir := newSet(t)
	for name, code := range map[string]int{
		"images/signed-by": 1,
		"images/Signed":    2,
		"images/a.b":       2,
		"my-area/rule":     2,
		"lib/rule":         2,
		"area/input":       2,
		"area/-":           2,
		"area/a_b":         2,
	} {
		got := run(t, "", "policy", "new", filepath.Join(dir, name))
		if got.code != code {
			t.Errorf("%s: exit %d, want %d: %s", name, got.code, code, got.errout)
		}
	}
	if got := run(t, "", "policy", "test", dir); got.code != 0 {
		t.Errorf("the refused ones left something behind: %s", got.errout)
	}
}

func TestPolicyProblemsAreFound(t *testing.T) {
	rule := filepath.Join("net", "open", "rule.rego")
	tests := map[string]struct {
		file, old, new string
		command        string
		says           string
	}{
		"does not parse":       {rule, "deny contains", "deny contain", "check", "rule.rego:"},
		"misspelled input":     {rule, "input.request.object.metadata.name", "input.requst.object.metadata.name", "check", "rule.rego:26"},
		"forbidden function":   {rule, "name := input.request.object.metadata.name", `name := http.send({"url": "x"}).body`, "check", "rule.rego:"},
		"not formatted":        {rule, "allowed := ", "allowed  :=  ", "test", "formatted"},
		"failing test":         {filepath.Join("net", "open", "rule_test.rego"), `{"contact": "alice"}`, `{}`, "test", "test_named"},
		"line no test reaches": {rule, "next :=", "deny contains \"never\" if {\n\tinput.now == \"never\"\n}\n\nnext :=", "test", "no test reaches"},
		"wrong example":        {filepath.Join("net", "open", "fail", "unnamed.yaml"), `"settings" names nobody`, `"settings" is fine`, "test", "expected to deny"},
		"coverage":             {filepath.Join("net", "open", "rule_test.rego"), "test_named if", "todo_named if", "coverage", "below 100.0 %"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dir := newSet(t)
			edit(t, filepath.Join(dir, tc.file), tc.old, tc.new)
			got := run(t, "", "policy", tc.command, dir)
			if got.code != 1 || !strings.Contains(got.errout, tc.says) {
				t.Errorf("exit %d, want 1 with %q: %s%s", got.code, tc.says, got.out, got.errout)
			}
			if got := run(t, "", "policy", tc.command, filepath.Join(dir, "images")); name == "failing test" && got.code != 0 {
				t.Errorf("another area is blamed: exit %d: %s", got.code, got.errout)
			}
		})
	}
}

func TestPolicyFmtWrites(t *testing.T) {
	dir := newSet(t)
	rule := filepath.Join(dir, "net", "open", "rule.rego")
	before, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, rule, "allowed := ", "allowed  :=  ")
	if got := run(t, "", "policy", "fmt", "--check", dir); got.code != 1 || got.out != rule+"\n" {
		t.Errorf("fmt --check: exit %d: %s%s", got.code, got.out, got.errout)
	}
	if got := run(t, "", "policy", "fmt", dir); got.code != 0 || got.out != rule+"\n" {
		t.Errorf("fmt: exit %d: %s%s", got.code, got.out, got.errout)
	}
	after, err := os.ReadFile(rule)
	if err != nil || string(after) != string(before) {
		t.Errorf("%v: not put right:\n%s", err, after)
	}
	edit(t, rule, "deny contains", "deny contain")
	if got := run(t, "", "policy", "fmt", dir); got.code != 1 || !strings.Contains(got.errout, "rule.rego") {
		t.Errorf("fmt of no Rego: exit %d: %s", got.code, got.errout)
	}
}

func TestPolicyCommandsNeedASet(t *testing.T) {
	for _, command := range []string{"check", "test", "coverage"} {
		for name, tc := range map[string]struct {
			dir  string
			code int
			says string
		}{
			"no set":  {t.TempDir(), 1, "in no set of policies"},
			"nothing": {filepath.Join(t.TempDir(), "none"), 1, "no such file"},
			"a file":  {file(t, "f", ""), 2, "is no folder"},
		} {
			if got := run(t, "", "policy", command, tc.dir); got.code != tc.code || !strings.Contains(got.errout, tc.says) {
				t.Errorf("%s of %s: exit %d: %s", command, name, got.code, got.errout)
			}
		}
		if got := run(t, "", "policy", command); got.code != 2 {
			t.Errorf("%s of nothing: exit %d", command, got.code)
		}
	}
	if got := run(t, "", "policy", "coverage", "--min", "101", "."); got.code != 2 {
		t.Errorf("--min 101: exit %d", got.code)
	}
}
