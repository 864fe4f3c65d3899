package webhooks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/review"
)

func TestPatch(t *testing.T) {
	tests := map[string]struct {
		path    string
		patches []review.Patch
		want    string // "" means a failure of ours
	}{
		"add":            {"/mutate/tenant", []review.Patch{{Op: "add", Path: "/metadata/labels", Value: map[string]string{"a": "b"}}}, `[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]`},
		"null and false": {"/mutate/tenant", []review.Patch{{Op: "add", Path: "/a", Value: nil}, {Op: "replace", Path: "/b", Value: false}}, `[{"op":"add","path":"/a","value":null},{"op":"replace","path":"/b","value":false}]`},
		"remove":         {"/mutate/tenant", []review.Patch{{Op: "remove", Path: "/a", Value: "ignored"}}, `[{"op":"remove","path":"/a"}]`},
		"validating":     {"/validate/tenant", []review.Patch{{Op: "remove", Path: "/a"}}, ""},
		"no path":        {"/mutate/tenant", []review.Patch{{Op: "remove"}}, ""},
		"relative":       {"/mutate/tenant", []review.Patch{{Op: "remove", Path: "a"}}, ""},
		"unknown op":     {"/mutate/tenant", []review.Patch{{Op: "move", Path: "/a"}}, ""},
		"no JSON":        {"/mutate/tenant", []review.Patch{{Op: "add", Path: "/a", Value: func() {}}}, ""},
		"too large":      {"/mutate/tenant", []review.Patch{{Op: "add", Path: "/a", Value: strings.Repeat("x", 8<<20)}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, always(review.Verdict{Outcome: review.Allowed, Patches: test.patches}))
			got := answer(t, r.post(test.path, valid))
			if test.want == "" {
				if got.Allowed || got.Patch != nil || got.PatchType != nil || got.Result.Code != 500 || got.Result.Reason != "InternalError" {
					t.Errorf("answer %+v", got)
				}
				if record := r.log.all()[0]; record.Outcome != review.Broken || record.Reason == "" {
					t.Errorf("logged as %s %q", record.Outcome, record.Reason)
				}
				return
			}
			if !got.Allowed || string(got.Patch) != test.want || got.PatchType == nil || *got.PatchType != "JSONPatch" {
				t.Errorf("patch %s, want %s", got.Patch, test.want)
			}
		})
	}
}

func TestOnlyAllowedCarriesAPatch(t *testing.T) {
	for _, outcome := range []review.Outcome{review.Denied, review.Broken} {
		r := newRig(t, always(review.Verdict{Outcome: outcome, Patches: []review.Patch{{Op: "remove", Path: "/a"}}}))
		if got := answer(t, r.post("/mutate/tenant", valid)); got.Allowed || got.Patch != nil || got.PatchType != nil {
			t.Errorf("%s: %+v", outcome, got)
		}
	}
}

func TestOddOutcomesDeny(t *testing.T) {
	for _, verdict := range []review.Verdict{{}, {Outcome: 17}, {Outcome: -1}} {
		r := newRig(t, always(verdict))
		got := answer(t, r.post("/validate/tenant", valid))
		if got.Allowed || got.Result.Code != 403 || got.Result.Reason != "Forbidden" || !strings.HasPrefix(got.Result.Message, "denied by ") {
			t.Errorf("%d: %+v", verdict.Outcome, got)
		}
	}
}

func TestWarningsAreBounded(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("warning %d\nwith a second line %s", i, strings.Repeat("é", 1000)))
	}
	r := newRig(t, always(review.Verdict{Outcome: review.Allowed, Warnings: append([]string{"", " "}, many...)}))
	got := answer(t, r.post("/validate/tenant", valid)).Warnings
	if len(got) != maxWarnings {
		t.Errorf("%d warnings, want %d", len(got), maxWarnings)
	}
	for _, one := range got {
		if len(one) > maxWarning || strings.Contains(one, "\n") || one == "" {
			t.Errorf("warning %q", one)
		}
	}
	if last := got[len(got)-1]; last != "and 85 more warnings" {
		t.Errorf("last warning %q", last)
	}
	if diff := cmp.Diff([]string{"a", "b"}, warnings([]string{"a", "b"})); diff != "" {
		t.Error(diff)
	}
}

func TestAnswerIsBoundedAndClean(t *testing.T) {
	nasty := strings.Repeat("a\nb\u2028\x00 eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln ", 2000)
	verdict := review.Deny(review.Trace{Tenant: nasty, Author: nasty, Actor: nasty, Correlation: nasty, PolicyDigest: nasty, Audited: []string{nasty}},
		review.Denial{Rule: "models/granted", Problem: nasty})
	for range 100 {
		verdict.Denials = append(verdict.Denials, verdict.Denials[0])
		verdict.Warnings = append(verdict.Warnings, nasty)
	}
	for _, outcome := range []review.Outcome{review.Denied, review.Broken, review.Allowed} {
		verdict.Outcome, verdict.Reason = outcome, nasty
		r := newRig(t, always(verdict))
		response := r.post("/validate/tenant", valid)
		got := answer(t, response)
		size := 0
		for key, value := range got.AuditAnnotations {
			size += len(value)
			if strings.ContainsAny(value, "\n\u2028\x00") || strings.Contains(value, "eyJhbGciOiJub") || strings.Contains(key, "/") {
				t.Errorf("%s: annotation %s = %q", outcome, key, value)
			}
		}
		if got.Result != nil {
			size += len(got.Result.Message)
			if strings.Contains(got.Result.Message, "eyJhbGciOiJub") {
				t.Errorf("%s: a token in the message", outcome)
			}
		}
		if size > 12<<10 {
			t.Errorf("%s: an answer of %d bytes", outcome, size)
		}
	}
}

// surprise panics when it is rendered, behind the decider's guard.
type surprise struct{}

func (surprise) MarshalJSON() ([]byte, error) { panic("secret-in-a-panic") }

func TestPanicWhileAnswering(t *testing.T) {
	r := newRig(t, always(review.Verdict{Outcome: review.Allowed, Patches: []review.Patch{{Op: "add", Path: "/a", Value: surprise{}}}}))
	response := r.post("/mutate/tenant", valid)
	if got := text(t, response); response.StatusCode != 500 || got != "internal error\n" {
		t.Errorf("%d %q", response.StatusCode, got)
	}
	if n := r.value(t, "gatehouse_admission_panics_total"); n != 1 {
		t.Errorf("%v panics counted", n)
	}
}
