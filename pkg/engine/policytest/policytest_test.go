package policytest_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

const rule = `# METADATA
# title: Roles are named
# description: Denies a caller without a role.
# custom:
#   match: {groups: ["*"], kinds: ["*"], operations: ["*"]}
package a.b

deny contains "no role; any; name one" if input.caller.role == ""
`

const tests = `package a.b_test

import data.a.b

test_role if {
	count(b.deny) == 1 with input as {"caller": {"role": ""}}
}
`

// files is a small set that has nothing wrong, with changes.
func files(t *testing.T, changes map[string]string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, name := range []string{"capabilities.json", "schemas/input.json", "schemas/base.yaml"} {
		raw, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = &fstest.MapFile{Data: raw}
	}
	for name, text := range map[string]string{
		"a/b/rule.rego":      rule,
		"a/b/rule_test.rego": tests,
		"a/b/pass/role.yaml": "role:\n  case: a member\n",
		"a/b/fail/none.yaml": "none:\n  case: nobody\n  input: {caller: {role: \"\"}}\n  expect: {deny: [no role]}\n",
	} {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range changes {
		if text == "" {
			delete(out, name)
			continue
		}
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestNothingWrong(t *testing.T) {
	report, err := policytest.Run(context.Background(), files(t, nil))
	if err != nil || !report.OK() {
		t.Fatalf("%v, %v", report.Problems, err)
	}
	p := report.Policies[0]
	if p.Rule != "a/b" || p.Tests != 1 || p.Coverage != 100 || len(p.Pass) != 1 || len(p.Fail) != 1 || report.Digest == "" {
		t.Errorf("got %+v", p)
	}
	doc := policytest.Document(report)
	for _, want := range []string{"| [a/b](a/b/rule.rego) | everything | Roles are named |", "| [nobody](a/b/fail/none.yaml) | denied: `no role` |"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the document lacks %s:\n%s", want, doc)
		}
	}
}

func TestFound(t *testing.T) {
	tests := map[string]struct {
		changes map[string]string
		want    string
	}{
		"format":           {map[string]string{"a/b/rule.rego": strings.Replace(rule, "deny contains", "deny  contains", 1)}, "a/b/rule.rego:8: is not formatted"},
		"tests' format":    {map[string]string{"a/b/rule_test.rego": tests + "\n\n"}, "a/b/rule_test.rego:8: is not formatted"},
		"syntax":           {map[string]string{"a/b/rule.rego": rule + "deny contains if\n"}, "a/b/rule.rego:9: rego_parse_error"},
		"tests' syntax":    {map[string]string{"a/b/rule_test.rego": tests + "x if\n"}, "a/b/rule_test.rego"},
		"uncovered":        {map[string]string{"a/b/rule.rego": rule + "\ndeny contains \"x\" if input.caller.role == \"x\"\n"}, "a/b/rule.rego:10: no test reaches lines 10 to 10"},
		"uncovered lib":    {map[string]string{"lib/x.rego": "package lib.x\n\nf(x) := x\n"}, "lib/x.rego:3: no test reaches"},
		"failing test":     {map[string]string{"a/b/rule_test.rego": strings.Replace(tests, "== 1", "== 2", 1)}, "a/b/rule_test.rego:5: test_role failed"},
		"erring test":      {map[string]string{"a/b/rule_test.rego": strings.Replace(tests, "count(b.deny) == 1", "count(7) == 1", 1)}, "a/b/rule_test.rego"},
		"skipped test":     {map[string]string{"a/b/rule_test.rego": strings.Replace(tests, "test_role", "todo_test_role", 1)}, "is skipped"},
		"no test":          {map[string]string{"a/b/rule_test.rego": "package a.b_test\n"}, "a/b/rule_test.rego: has no test"},
		"no test file":     {map[string]string{"a/b/rule_test.rego": ""}, "a/b/rule_test.rego: missing"},
		"forbidden":        {map[string]string{"a/b/rule_test.rego": strings.Replace(tests, "count(b.deny) == 1", "http.send({}) == 1", 1)}, "http.send"},
		"no pass":          {map[string]string{"a/b/pass/role.yaml": ""}, "a/b/pass: has no example"},
		"no fail":          {map[string]string{"a/b/fail/none.yaml": ""}, "a/b/fail: has no example"},
		"pass is denied":   {map[string]string{"a/b/pass/role.yaml": "role:\n  case: c\n  input: {caller: {role: \"\"}}\n"}, "a/b/pass/role.yaml: not expected to deny: no role"},
		"fail is allowed":  {map[string]string{"a/b/fail/none.yaml": "none:\n  case: c\n  expect: {deny: [no role]}\n"}, `a/b/fail/none.yaml: expected to deny with "no role", got []`},
		"other text":       {map[string]string{"a/b/fail/none.yaml": "none:\n  case: c\n  input: {caller: {role: \"\"}}\n  expect: {deny: [oh no]}\n"}, `expected to deny with "oh no"`},
		"expects nothing":  {map[string]string{"a/b/fail/none.yaml": "none:\n  case: c\n"}, "an example under fail/ expects something"},
		"pass expects":     {map[string]string{"a/b/pass/role.yaml": "role:\n  case: c\n  expect: {deny: [x]}\n"}, "one under pass/ nothing"},
		"unknown demand":   {map[string]string{"a/b/fail/none.yaml": "none:\n  case: c\n  expect: {demand: {sessions: \"1\"}}\n"}, "demands nothing of sessions, expected 1"},
		"unknown mutation": {map[string]string{"a/b/fail/none.yaml": "none:\n  case: c\n  expect: {mutate: {/spec/x: 1}}\n"}, "sets nothing at /spec/x"},
		"example's field":  {map[string]string{"a/b/pass/role.yaml": "role:\n  case: c\n  inptu: {}\n"}, "unknown field"},
		"double key":       {map[string]string{"a/b/pass/role.yaml": "role:\n  case: c\n  case: d\n"}, "already set in map"},
		"other name":       {map[string]string{"a/b/pass/role.yaml": "roles:\n  case: c\n"}, "want one key, role"},
		"no case":          {map[string]string{"a/b/pass/role.yaml": "role:\n  input: {}\n"}, "with a case"},
		"without nothing":  {map[string]string{"a/b/pass/role.yaml": "role:\n  case: c\n  without: [caller.age]\n"}, "the base has no caller.age"},
		"error":            {map[string]string{"a/b/pass/role.yaml": "role:\n  case: c\n  without: [request.operation]\n"}, "input has no request.operation"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			report, err := policytest.Run(context.Background(), files(t, tt.changes))
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, p := range report.Problems {
				all = append(all, p.String())
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, tt.want) {
				t.Errorf("got:\n%s\nwant %s", text, tt.want)
			}
		})
	}
}

func TestDemandsAndMutations(t *testing.T) {
	const taking = `# METADATA
# title: Takes
# description: Takes and sets.
# custom:
#   match: {groups: ["*"], kinds: ["*"], operations: ["*"]}
package a.b

demand["sessions"] := 2 if input.caller.role == ""

warn contains "careful" if input.caller.role == ""

mutate contains {"path": "/spec/x", "value": ["set"]} if input.caller.role == ""
`
	const its = `package a.b_test

import data.a.b

test_all if {
	b.demand.sessions == 2 with input as {"caller": {"role": ""}}
	count(b.warn) == 1 with input as {"caller": {"role": ""}}
	count(b.mutate) == 1 with input as {"caller": {"role": ""}}
}
`
	example := func(expect string) map[string]string {
		return map[string]string{"a/b/rule.rego": taking, "a/b/rule_test.rego": its,
			"a/b/fail/none.yaml": "none:\n  case: c\n  input: {caller: {role: \"\"}}\n  expect: " + expect + "\n"}
	}
	for expect, want := range map[string]string{
		`{demand: {sessions: "2"}, warn: [careful], mutate: {/spec/x: [set]}}`: "",
		`{demand: {sessions: "1"}, warn: [careful], mutate: {/spec/x: [set]}}`: `demands 2 of sessions, expected "1"`,
		`{demand: {sessions: "2"}, mutate: {/spec/x: [set]}}`:                  "not expected to warn: careful",
		`{demand: {sessions: "2"}, warn: [careful], mutate: {/spec/x: [z]}}`:   "sets [set] at /spec/x, expected [z]",
		`{warn: [careful], mutate: {/spec/x: [set]}}`:                          `demands 2 of sessions, expected ""`,
	} {
		report, err := policytest.Run(context.Background(), files(t, example(expect)))
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, p := range report.Problems {
			text += p.String() + "\n"
		}
		if (want == "") != report.OK() || !strings.Contains(text, want) {
			t.Errorf("%s: got %q, want %q", expect, text, want)
		}
	}
}
