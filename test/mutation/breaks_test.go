package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

const small = `# METADATA
# title: Small
# custom:
#   match: {groups: ["*"], kinds: ["*"], operations: ["*"]}
package a.b

deny contains "x" if {
	input.request.name == "x"
	not good
}

good if input.request.namespace == "y"
`

func TestMutants(t *testing.T) {
	list, err := mutants("rule.rego", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range list {
		got = append(got, m.what)
		if string(m.source) == small {
			t.Errorf("%s %s changes nothing", m.where, m.what)
		}
		if !strings.Contains(string(m.source), "# title: Small") {
			t.Errorf("%s %s lost its METADATA:\n%s", m.where, m.what, m.source)
		}
	}
	want := []string{
		`without deny contains "x"`, `without good`,
		`without input.request.name == "x"`, `turned round: input.request.name == "x"`,
		`without not good`, `turned round: not good`,
		`without input.request.namespace == "y"`, `turned round: input.request.namespace == "y"`,
	}
	if len(got) != len(want) {
		t.Fatalf("got %d breaks, want %d: %q", len(got), len(want), got)
	}
	for _, w := range want {
		found := false
		for _, g := range got {
			found = found || g == w || strings.HasPrefix(g, w)
		}
		if !found {
			t.Errorf("no break %q in %q", w, got)
		}
	}
}

func TestSubsetLeavesOtherRulesOut(t *testing.T) {
	set, err := subset(fstest.MapFS{
		"a/b/rule.rego": {}, "a/b/rule_test.rego": {}, "a/c/rule.rego": {}, "lib/x.rego": {}, "lib/x_test.rego": {},
		"schemas/input.json": {}, "capabilities.json": {}, "README.md": {},
	}, "a/b")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a/b/rule.rego": true, "a/b/rule_test.rego": true, "a/c/rule.rego": false, "lib/x.rego": true,
		"lib/x_test.rego": false, "schemas/input.json": true, "capabilities.json": true, "README.md": false} {
		if _, ok := set[name]; ok != want {
			t.Errorf("%s: in the subset %t, want %t", name, ok, want)
		}
	}
}
