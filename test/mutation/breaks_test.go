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

// TestLibraryIsAskedAlone: a library is judged by its own tests, and by all of them.
func TestLibraryIsAskedAlone(t *testing.T) {
	set := fstest.MapFS{
		"lib/a.rego":      {Data: []byte("package lib.a\n\ngood if input.x == 1\n")},
		"lib/a_test.rego": {Data: []byte("package lib.a_test\n\nimport data.lib.a\n\ntest_good if a.good with input as {\"x\": 1}\n")},
		"lib/b.rego":      {Data: []byte("package lib.b\n\nbetter if input.x == 2\n")},
		"lib/b_test.rego": {Data: []byte("package lib.b_test\n\ntest_nothing if true\n")},
	}
	all, err := libraries(set)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d libraries, want 2", len(all))
	}
	for _, u := range all {
		s, err := breakUnit(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		// The first one's test notices that nothing is good any more; that everything is good
		// it does not. The second one's notices nothing.
		want := map[string]int{"lib/a": 2, "lib/b": 0}[u.name]
		if s.noticed != want || s.noticed+s.survived == 0 {
			t.Errorf("%s: %d noticed, want %d: %v", u.name, s.noticed, want, s.survivors)
		}
	}
}
