package policies_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

// TestPolicies fails on any rule that is unformatted, does not compile strictly, has a
// line that no test reaches, or an example that does not do what it says, and when the
// table in README.md is not what the rules say of themselves.
func TestPolicies(t *testing.T) {
	report, err := policytest.Run(context.Background(), policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range report.Problems {
		t.Error(problem)
	}
	for _, p := range report.Policies {
		t.Logf("%-28s %2d tests, %.0f %% of lines, %d pass and %d fail examples",
			p.Rule, p.Tests, p.Coverage, len(p.Pass), len(p.Fail))
	}
	if !t.Failed() {
		readme(t, policytest.Document(report))
	}
}

func readme(t *testing.T, table string) {
	t.Helper()
	const begin, end = "<!-- rules: written by go test ./policies -update -->\n", "<!-- end of rules -->"
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(raw), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("README.md lost the marks of its table")
	}
	want := head + begin + "\n" + table + "\n" + end + tail
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("README.md is old; run go test ./policies -update\n%s", diff)
	}
}
