package attacks

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/isolation.md anew")

const page = "../../../docs/isolation.md"

// TestPage: docs/isolation.md says what the cases and the golden files of rights say.
func TestPage(t *testing.T) {
	cases, bases, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	marks, err := LoadBenchmarks(cases)
	if err != nil {
		t.Fatal(err)
	}
	chores, err := LoadDay(bases)
	if err != nil {
		t.Fatal(err)
	}
	rights := map[string]string{}
	for _, role := range Roles {
		raw, err := os.ReadFile("../testdata/rights-" + role + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		rights[role] = string(raw)
	}
	want := Page(cases, marks, Kinds(chores, bases), rights)
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), want); diff != "" {
		t.Errorf("docs/isolation.md is not as generated; go test ./test/apiserver/attacks -update (-have +want):\n%s", diff)
	}
}

// TestCases: every area has cases, every case has a title of its own in its area, and
// there are enough.
func TestCases(t *testing.T) {
	cases, _, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 150 {
		t.Errorf("%d cases, want 150", len(cases))
	}
	seen, areas := map[string]bool{}, map[string]int{}
	for _, c := range cases {
		if seen[c.Area+c.Title] {
			t.Errorf("%s: %q is there twice", c.Area, c.Title)
		}
		seen[c.Area+c.Title] = true
		areas[c.Area]++
	}
	for _, area := range Areas {
		if areas[area] < 5 {
			t.Errorf("area %s has %d cases", area, areas[area])
		}
	}
	if have := sorted(areas); len(have) != len(Areas) || slices.Contains(have, "") {
		t.Errorf("areas %v, want %v", have, Areas)
	}
}

// TestBenchmarks: what a benchmark names beside its cases is there, and the honest day
// writes what tenants must be able to write.
func TestBenchmarks(t *testing.T) {
	cases, bases, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	marks, err := LoadBenchmarks(cases)
	if err != nil {
		t.Fatal(err)
	}
	chores, err := LoadDay(bases)
	if err != nil {
		t.Fatal(err)
	}
	daily := append(Kinds(chores, bases), "Tenant")
	levels := map[int]int{}
	for _, b := range marks {
		levels[b.Level]++
		for _, path := range b.Proof {
			if _, err := os.Stat("../../../" + path); err != nil {
				t.Errorf("%s: %v", b.Name, err)
			}
		}
		for _, kind := range b.Honest {
			if !slices.Contains(daily, kind) {
				t.Errorf("%s: nobody honest writes a %s", b.Name, kind)
			}
		}
	}
	if levels[1] < 17 || levels[2] < 6 {
		t.Errorf("benchmarks by level: %v", levels)
	}
}

// TestRulesAreAttacked: every built-in rule that denies has an attack which it must deny.
func TestRulesAreAttacked(t *testing.T) {
	cases, _, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	denies := map[string]bool{}
	for _, c := range cases {
		denies[c.By] = true
	}
	folders, err := os.ReadDir("../../../policies")
	if err != nil {
		t.Fatal(err)
	}
	// They only fill in.
	silent := []string{"pods/hardening", "serviceaccounts/automount"}
	for _, area := range folders {
		rules, err := os.ReadDir("../../../policies/" + area.Name())
		if err != nil {
			continue // a file
		}
		for _, rule := range rules {
			name := area.Name() + "/" + rule.Name()
			if _, err := os.Stat("../../../policies/" + name + "/rule.rego"); err != nil || slices.Contains(silent, name) {
				continue
			}
			if !denies[name] {
				t.Errorf("no attack must be denied by %s", name)
			}
		}
	}
}
