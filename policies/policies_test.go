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
// line that no test reaches, an example that does not do what it says, or nothing that it
// was learnt from, and when the table in README.md is not what the rules say of themselves.
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
		if len(policytest.Incidents(p.Description)) == 0 {
			t.Errorf("%s: its description names no advisory and no issue that it was learnt from", p.Rule)
		}
	}
	if !t.Failed() {
		readme(t, policytest.Document(report))
	}
}

func readme(t *testing.T, table string) { section(t, "README.md", "rules", table) }

// section holds a part of a page, between marks, to what it is generated from.
func section(t *testing.T, page, name, body string) {
	t.Helper()
	begin, end := "<!-- "+name+": written by go test ./policies -update -->\n", "<!-- end of "+name+" -->"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(raw), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lost the marks of its %s", page, name)
	}
	want := head + begin + "\n" + body + "\n" + end + tail
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("%s is old; run go test ./policies -update\n%s", page, diff)
	}
}
