package policyset_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// loop is true after some minutes.
const loop = `count([1 | xs := split("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t", ","); xs[_]; xs[_]; xs[_]; xs[_]; xs[_]; xs[_]]) > 0`

// TestReview wants every way of being wrong refused with a place and a reason, and the
// honest policy beside it accepted.
func TestReview(t *testing.T) {
	good := rego("acme.word", "one", "true")
	raw := func(text string) *runtime.RawExtension { return &runtime.RawExtension{Raw: []byte(text)} }
	tests := map[string]struct {
		policy *v1alpha1.Policy
		want   string
	}{
		"good":                   {policy("acme.word", 1, good), ""},
		"good, with its tests":   {policy("acme.word", 1, good, tests("test_it if count(deny) == 1 with input.parameters as {\"word\": \"w\", \"most\": 1}")), ""},
		"good, sets a built-in":  {policy("built.in", 1, "", func(s *v1alpha1.PolicySpec) { s.Enforcement = v1alpha1.EnforcementAudit }), ""},
		"name without an area":   {policy("word", 1, good), `metadata.name "word" is not <area>.<rule>`},
		"name with a second dot": {policy("acme.word.x", 1, good), "is not <area>.<rule>"},
		"no such built-in":       {policy("built.out", 1, ""), "there is no rule built/out to set up"},
		"syntax":                 {policy("acme.word", 1, good+"\ndeny contains if"), "acme/word/rule.rego:11: rego_parse_error"},
		"other package":          {policy("acme.word", 1, rego("acme.other", "one", "true")), "acme/word/rule.rego:7: package acme.other: the folder demands acme.word"},
		"replaces a built-in":    {policy("built.in", 1, rego("built.in", "one", "true")), "built/in is there already, from the built-in policies"},
		"forbidden built-in":     {policy("acme.word", 1, rego("acme.word", "one", "opa.runtime().x")), "acme/word/rule.rego:9: rego_type_error: undefined function opa.runtime"},
		"forbidden by with":      {policy("acme.word", 1, rego("acme.word", "one", "count([]) == 0 with count as http.send")), "acme/word/rule.rego:9"},
		"recursion":              {policy("acme.word", 1, rego("acme.word", "one", "count(deny) > 0")), "rego_recursion_error"},
		"a test fails":           {policy("acme.word", 1, good, tests("test_it if count(deny) == 0 with input.parameters as {\"word\": \"w\", \"most\": 1}")), "acme/word/rule_test.rego:5: test_it failed"},
		"a test inside fails":    {policy("acme.word", 1, good+"\ntest_it if false\n"), "test_it failed"},
		"tests without a rule":   {policy("built.in", 1, "", tests("test_it if true")), "spec.tests without spec.rego"},
		"unknown parameter":      {policy("acme.word", 1, good, func(s *v1alpha1.PolicySpec) { s.Parameters = raw(`{"wrd":"x"}`) }), `parameter "wrd" is unknown; METADATA declares ["most" "word"]`},
		"parameter's type":       {policy("acme.word", 1, good, func(s *v1alpha1.PolicySpec) { s.Parameters = raw(`{"word":3}`) }), `parameter "word": want a string`},
		"delegates what is not":  {policy("acme.word", 1, good, func(s *v1alpha1.PolicySpec) { s.Delegable = []string{"wrd"} }), `delegable parameter "wrd" is unknown`},
		"bounds without":         {policy("acme.word", 1, good, bounds("most", `{"maximum":5}`, false)), `spec.bounds of "most": spec.delegable does not name it`},
		"bounds that it breaks":  {policy("acme.word", 1, good, bounds("most", `{"maximum":2}`, true)), "the policy's own value is out of its bounds"},
		"odd operation":          {policy("acme.word", 1, good, func(s *v1alpha1.PolicySpec) { s.Match.Operations = []string{"PATCH"} }), `"PATCH" is none of`},
		"loops":                  {policy("acme.word", 1, rego("acme.word", "one", loop)), "asked about a small review"},
		"a test loops":           {policy("acme.word", 1, good, tests("test_it if "+loop)), "test_it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := newSet(t).Review(context.Background(), tt.policy)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && err == nil:
				t.Errorf("accepted, want %q", tt.want)
			case tt.want != "" && !strings.Contains(err.Error(), tt.want):
				t.Errorf("refused with\n%v\nwant %q in it", err, tt.want)
			}
		})
	}
}

// TestReviewInTime: whoever waits gets an answer when her time is up.
func TestReviewInTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	if err := newSet(t).Review(ctx, policy("acme.word", 1, rego("acme.word", "one", "true"))); err == nil {
		t.Error("accepted after the time was up")
	}
}

func tests(body string) func(*v1alpha1.PolicySpec) {
	return func(s *v1alpha1.PolicySpec) {
		s.Tests = "package acme.word_test\n\nimport data.acme.word.deny\n\n" + body + "\n"
	}
}

func bounds(name, schema string, delegable bool) func(*v1alpha1.PolicySpec) {
	return func(s *v1alpha1.PolicySpec) {
		s.Bounds = map[string]runtime.RawExtension{name: {Raw: []byte(schema)}}
		if delegable {
			s.Delegable = []string{name}
		}
	}
}
