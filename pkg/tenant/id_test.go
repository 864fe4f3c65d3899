package tenant

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestID(t *testing.T) {
	for _, tc := range []struct{ username, want string }{
		{"local:alice", "alice"},
		{"local:a", "a"},
		{"local:" + strings.Repeat("a", 40), strings.Repeat("a", 40)},
		{"local:" + strings.Repeat("a", 41), strings.Repeat("a", 22) + "--"},
		{"local:Alice", "alice--"},
		{"local:a--b", "a-b--"},
		{"local:-alice", "alice--"},
		{"local:alice-", "alice--"},
		{"local:alice@acme.example", "alice-acme-example--"},
		{"other:alice", "alice--"},
		{"local:日本", "user--"},
		{"local:", "user--"},
		{"", "user--"},
		{"local:../etc", "etc--"},
		{"local:a:b", "a-b--"},
	} {
		got := ID(tc.username, "local")
		want := regexp.MustCompile("^" + regexp.QuoteMeta(tc.want) + "$")
		if strings.HasSuffix(tc.want, "--") {
			want = regexp.MustCompile("^" + regexp.QuoteMeta(tc.want) + "[0-9a-f]{16}$")
		}
		if !want.MatchString(got) {
			t.Errorf("ID(%q) = %q, want %v", tc.username, got, want)
		}
	}
}

func TestIDKeepsPeopleApart(t *testing.T) {
	seen := map[string]string{}
	for _, username := range []string{
		"local:alice", "local:Alice", "local:ALICE", "other:alice", "local:alice ", "local:alice\x00",
		"local:a-b", "local:a--b", "local:a.b", "local:a_b", "local:a:b", "local:\u00e9", "local:e\u0301",
		"local:" + strings.Repeat("a", 22), "local:" + strings.Repeat("a", 41), "local:" + strings.Repeat("a", 42),
		"local:" + ID("local:Alice", "local"), "other:" + ID("local:Alice", "local"),
	} {
		id := ID(username, "local")
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q share the id %q", username, other, id)
		}
		seen[id] = username
	}
}

func FuzzID(f *testing.F) {
	for _, s := range []string{"local:alice", "x:é", "", ":", "local:a--b"} {
		f.Add(s)
	}
	safe := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	f.Fuzz(func(t *testing.T, username string) {
		id := ID(username, "local")
		if len(id) > maxID || !safe.MatchString(id) {
			t.Fatalf("ID(%q) = %q is no tenant name", username, id)
		}
		if !strings.Contains(id, "--") && username != "local:"+id {
			t.Fatalf("ID(%q) = %q takes the readable form of somebody else", username, id)
		}
	})
}

func ExampleID() {
	fmt.Println(ID("local:alice", "local"))
	// Output: alice
}
