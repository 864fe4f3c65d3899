package policytest_test

import (
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

// TestOptimizations: a second way to the same verdict that fails is never looked at as long as
// the first one is enough.
func TestOptimizations(t *testing.T) {
	hidden := rule + `
deny contains "twice" if seen

seen if input.caller.role == ""

seen if to_number(concat("", ["x", input.caller.role])) == 1
`
	for name, tt := range map[string]struct {
		rule string
		want string
	}{
		"the same": {rule, ""},
		"hidden":   {hidden, "a/b/fail/none.yaml: without rule indexing and early exit it is answered otherwise"},
	} {
		problems, err := policytest.Optimizations(t.Context(), files(t, map[string]string{"a/b/rule.rego": tt.rule, "a/b/pass/role.yaml": "role:\n  case: c\n  input: {caller: {role: \"1\"}}\n"}), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, p := range problems {
			said = append(said, p.String())
		}
		if got := strings.Join(said, "\n"); !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
