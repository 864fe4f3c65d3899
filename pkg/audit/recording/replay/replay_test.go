package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/audit/recording"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/taint"
	"gatehouse.dev/gatehouse/policies"
)

const header = "# METADATA\n# title: T\n# description: D\n# custom:\n#   match: {groups: [\"*\"], kinds: [\"*\"], operations: [\"*\"]}\n#   parameters: {limit: 3}\n"

// program compiles rules, by <area>/<rule>.
func program(t *testing.T, rules map[string]string, change ...func(*engine.Options)) *engine.Program {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"capabilities.json", "schemas/input.json"} {
		raw, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	for rule, body := range rules {
		files[rule+"/rule.rego"] = &fstest.MapFile{Data: []byte(header + "package " + strings.ReplaceAll(rule, "/", ".") + "\n\n" + body + "\n")}
		files[rule+"/rule_test.rego"] = &fstest.MapFile{Data: []byte("package x_test\n")}
	}
	o := engine.Options{Policies: files, NoCanary: true, Unoptimized: true}
	for _, f := range change {
		f(&o)
	}
	p, err := engine.Compile(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var at = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// record is alice's write of an object with a plain field p and a replaced one s.
func record(change ...func(*recording.Record)) recording.Record {
	r := recording.Record{Time: at, Correlation: "c", Digest: "sha256:old", Tenant: "alice", Relation: "owner", Outcome: "allowed", Redacted: 1,
		Input: json.RawMessage(fmt.Sprintf(`{"request": {"kind": {"group": "", "version": "v1", "kind": "Secret"}, "operation": "CREATE", "name": "n", "namespace": "ns",
			"userInfo": {"username": "local:alice"}, "object": {"p": "plain", "s": %q}}}`, taint.Prefix+strings.Repeat("0", 32)))}
	for _, f := range change {
		f(&r)
	}
	return r
}

func denied(rule, msg string) func(*recording.Record) {
	return func(r *recording.Record) {
		r.Outcome = "denied"
		r.Rules = append(r.Rules, rule)
		r.Findings = append(r.Findings, recording.Finding{Rule: rule, Effect: recording.EffectDeny, Msg: msg})
	}
}

func denies(msg, condition string) string {
	return fmt.Sprintf("deny contains %q if %s", msg, condition)
}

const (
	always = `input.request.object.p == "plain"`
	never  = `input.request.object.p == "other"`
	looks  = `startswith(input.request.object.s, "x")`
)

func TestChanges(t *testing.T) {
	demands := `demand["sessions"] := 2 if ` + always
	tests := map[string]struct {
		before recording.Record
		rules  map[string]string
		want   Change
		// of are the changes of single rules.
		of map[string]Change
	}{
		"nothing":                      {record(), map[string]string{"a/b": denies("no", never)}, Unchanged, nil},
		"now denied":                   {record(), map[string]string{"a/b": denies("no", always)}, ToDenied, map[string]Change{"a/b": ToDenied}},
		"now allowed":                  {record(denied("a/b", "no")), map[string]string{"a/b": denies("no", never)}, ToAllowed, map[string]Change{"a/b": ToAllowed}},
		"still denied":                 {record(denied("a/b", "no")), map[string]string{"a/b": denies("no", always)}, Unchanged, nil},
		"other words":                  {record(denied("a/b", "no")), map[string]string{"a/b": denies("never", always)}, OtherMessage, map[string]Change{"a/b": OtherMessage}},
		"the rule is gone":             {record(denied("c/d", "no")), map[string]string{"a/b": denies("no", never)}, ToAllowed, map[string]Change{"c/d": ToAllowed}},
		"another rule denies":          {record(denied("a/b", "no")), map[string]string{"a/b": denies("no", never), "c/d": denies("no", always)}, OtherMessage, map[string]Change{"a/b": ToAllowed, "c/d": ToDenied}},
		"looked":                       {record(), map[string]string{"a/b": denies("no", looks)}, Indeterminate, map[string]Change{"a/b": Indeterminate}},
		"looked, but another denies":   {record(), map[string]string{"a/b": denies("no", looks), "c/d": denies("no", always)}, ToDenied, map[string]Change{"a/b": Indeterminate, "c/d": ToDenied}},
		"looked, and another allows":   {record(denied("c/d", "no")), map[string]string{"a/b": denies("no", looks), "c/d": denies("no", never)}, Indeterminate, map[string]Change{"a/b": Indeterminate, "c/d": ToAllowed}},
		"fails":                        {record(), map[string]string{"a/b": `x := 1 if ` + always + "\n\nx := 2 if " + always + "\n\n" + denies("no", "x == 3")}, Failed, map[string]Change{"a/b": Failed}},
		"demands":                      {record(), map[string]string{"a/b": demands}, OtherDemand, map[string]Change{"a/b": OtherDemand}},
		"quota denied, and still does": {record(func(r *recording.Record) { r.Outcome, r.Rules = "denied", []string{"q/s"} }), map[string]string{"a/b": denies("no", always)}, OtherMessage, map[string]Change{"a/b": ToDenied}},
		"quota denied, nothing else":   {record(func(r *recording.Record) { r.Outcome, r.Rules = "denied", []string{"q/s"} }), map[string]string{"a/b": denies("no", never)}, Unchanged, nil},
		"demanded the same": {record(func(r *recording.Record) {
			r.Demands = []recording.Demand{{Rule: "a/b", Dimension: "sessions", Amount: "2"}}
		}), map[string]string{"a/b": demands}, Unchanged, nil},
		"the platform is warned":           {record(func(r *recording.Record) { r.Relation = "platform" }), map[string]string{"a/b": denies("no", always)}, OtherMessage, map[string]Change{"a/b": OtherMessage}},
		"a secret's text stood in a word":  {record(denied("a/b", "value "+taint.Prefix+strings.Repeat("1", 32)+"o")), map[string]string{"a/b": denies("value no", always)}, Unchanged, nil},
		"a secret's text, and other words": {record(denied("a/b", "value "+taint.Prefix+strings.Repeat("1", 32)+"o")), map[string]string{"a/b": denies("other no", always)}, OtherMessage, map[string]Change{"a/b": OtherMessage}},
		"warned before, warned in the same": {record(func(r *recording.Record) {
			r.Findings = []recording.Finding{{Rule: "a/b", Effect: recording.EffectWarn, Msg: "no"}}
		}), map[string]string{"a/b": `warn contains "no" if ` + always}, Unchanged, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := New(program(t, test.rules), 3)
			if err := r.Ask(context.Background(), test.before); err != nil {
				t.Fatal(err)
			}
			report := r.Report()
			for _, c := range Changes() {
				want := 0
				if c == test.want {
					want = 1
				}
				if report.Changes[c] != want {
					t.Errorf("%d times %q, want %d", report.Changes[c], c, want)
				}
			}
			of := map[string]Change{}
			for _, rule := range report.Rules {
				for _, e := range rule.Examples {
					of[rule.Rule] = e.Change
				}
			}
			if test.of == nil {
				test.of = map[string]Change{}
			}
			if diff := cmp.Diff(test.of, of); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnforcementAndExemption(t *testing.T) {
	rules := map[string]string{"a/b": denies("no", always)}
	for name, test := range map[string]struct {
		change func(*engine.Options)
		want   Change
	}{
		"warn": {func(o *engine.Options) {
			o.Enforcement = map[string]v1alpha1.Enforcement{"a/b": v1alpha1.EnforcementWarn}
		}, ToAllowed},
		"off": {func(o *engine.Options) {
			o.Enforcement = map[string]v1alpha1.Enforcement{"a/b": v1alpha1.EnforcementOff}
		}, ToAllowed},
		"exempt":  {exempt("alice", at.Add(time.Hour)), ToAllowed},
		"expired": {exempt("alice", at.Add(-time.Hour)), Unchanged},
		"another": {exempt("bob", at.Add(time.Hour)), Unchanged},
	} {
		r := New(program(t, rules, test.change), 3)
		if err := r.Ask(context.Background(), record(denied("a/b", "no"))); err != nil {
			t.Fatal(err)
		}
		if r.Report().Changes[test.want] != 1 {
			t.Errorf("%s: %v, want %s", name, r.Report().Changes, test.want)
		}
	}
}

func exempt(tenant string, until time.Time) func(*engine.Options) {
	return func(o *engine.Options) {
		o.Exemptions = map[string][]engine.Exemption{"a/b": {{Tenant: tenant, Owner: "ops", Reason: "r", Expires: until}}}
	}
}

// What an organization had set counts again, under the bounds of the new set.
func TestDelegatedParameters(t *testing.T) {
	rules := map[string]string{"a/b": `deny contains "no" if input.parameters.limit > 5`}
	before := record()
	before.Data = json.RawMessage(`{"delegated": {"a/b": {"limit": 9}}}`)
	for name, test := range map[string]struct {
		delegable engine.Delegation
		want      Change
	}{
		"delegable": {engine.Delegation{"limit": nil}, ToDenied}, "no more": {nil, Unchanged},
	} {
		r := New(program(t, rules, func(o *engine.Options) { o.Delegable = map[string]engine.Delegation{"a/b": test.delegable} }), 3)
		if err := r.Ask(context.Background(), before); err != nil {
			t.Fatal(err)
		}
		if r.Report().Changes[test.want] != 1 {
			t.Errorf("%s: %v, want %s", name, r.Report().Changes, test.want)
		}
	}
}

func TestExamplesAreCapped(t *testing.T) {
	r := New(program(t, map[string]string{"a/b": denies("no", always)}), 2)
	for range 5 {
		if err := r.Ask(context.Background(), record()); err != nil {
			t.Fatal(err)
		}
	}
	report := r.Report()
	if report.Decisions != 5 || report.Turned() != 5 || len(report.Rules) != 1 || len(report.Rules[0].Examples) != 2 || report.Recorded["sha256:old"] != 5 {
		t.Errorf("%+v", report)
	}
	e := report.Rules[0].Examples[0]
	want := Example{Change: ToDenied, Time: at, Correlation: "c", Tenant: "alice", User: "local:alice", Operation: "CREATE", Object: "Secret/n in ns", After: []string{"no"}}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("example (-want +got):\n%s", diff)
	}
}

func TestUnreadableRecords(t *testing.T) {
	r := New(program(t, map[string]string{"a/b": denies("no", always)}), 2)
	for _, input := range []string{`[]`, `{}`, `{"request": 1}`} {
		if err := r.Ask(context.Background(), record(func(r *recording.Record) { r.Input = json.RawMessage(input) })); err == nil {
			t.Errorf("%s was asked about", input)
		}
	}
	if r.Report().Decisions != 0 {
		t.Error("what was not asked about is counted")
	}
}
