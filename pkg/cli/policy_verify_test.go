package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper/suite"
)

const library = "../engine/gatekeeper/suite/testdata"

func TestVerifyPasses(t *testing.T) {
	run(t, "", "policy", "verify", library).golden(t, "policy/verify")
	for _, path := range []string{library + "/...", library + "/"} {
		if got := run(t, "", "policy", "verify", path); got.code != 0 || !strings.Contains(got.out, "8 suites") {
			t.Errorf("%s: exit %d: %s%s", path, got.code, got.out, got.errout)
		}
	}
	got := run(t, "", "policy", "verify", filepath.Join(library, "scoped", "suite.yaml"), filepath.Join(library, "uniquehost"), "-o", "json")
	var report suite.Report
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatal(err)
	}
	if got.code != 0 || len(report.Suites) != 2 || report.Suites[0].File != library+"/scoped/suite.yaml" || report.Passed != 9 {
		t.Errorf("exit %d: %+v", got.code, report)
	}
	if violations := report.Suites[0].Tests[0].Cases[0].Violations; len(violations) != 1 || violations[0] != "never" {
		t.Errorf("violations: %v", violations)
	}
}

// TestVerifyFails copies a suite and breaks what it wants.
func TestVerifyFails(t *testing.T) {
	dir := t.TempDir()
	entries, err := os.ReadDir(library + "/scoped")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		raw, err := os.ReadFile(library + "/scoped/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, filepath.Join(dir, "suite.yaml"), "violations: yes", "violations: no")
	edit(t, filepath.Join(dir, "elsewhere.yaml"), "audit.gatekeeper.sh", "nowhere")
	got := run(t, "", "policy", "verify", dir)
	for _, want := range []string{"1 suites: 1 passed, 2 failed, 0 skipped", "here, a FAILED", `got 1 violations, want none; said: ["never"]`, "elsewhere FAILED", filepath.Join(dir, "elsewhere.yaml") + ":1: NeverSo/elsewhere"} {
		if got.code != 1 || !strings.Contains(got.out, want) {
			t.Errorf("exit %d, want 1 with %q: %s%s", got.code, want, got.out, got.errout)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":         {nil, 2, "takes 1 to 100 arguments"},
		"not there":       {[]string{filepath.Join(t.TempDir(), "none")}, 1, "no such file"},
		"no suites":       {[]string{t.TempDir()}, 1, "policies of Gatehouse's own are tested by: gatehouse policy test"},
		"a file with ...": {[]string{library + "/scoped/suite.yaml/..."}, 2, "only a folder is searched"},
		"not a suite":     {[]string{library + "/scoped/here.yaml"}, 1, ""},
		"another format":  {[]string{"-o", "sarif", library}, 2, "must be table or json"},
	} {
		if got := run(t, "", append([]string{"policy", "verify"}, tc.args...)...); got.code != tc.code || !strings.Contains(got.errout, tc.says) {
			t.Errorf("%s: exit %d: %s%s", name, got.code, got.out, got.errout)
		}
	}
}
