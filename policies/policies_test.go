package policies_test

import (
	"context"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

// TestPolicies fails on any rule that is unformatted, does not compile strictly, has a
// line that no test reaches, or an example that does not do what it says.
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
}
