package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClaim(t *testing.T) {
	tests := map[string]struct {
		prepare func(t *testing.T, dir string)
		refused string
	}{
		"a new folder":     {func(*testing.T, string) {}, ""},
		"an empty folder":  {func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o755)) }, ""},
		"a cluster's":      {func(t *testing.T, dir string) { claimOnce(t, dir) }, ""},
		"somebody's files": {func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, "thesis.txt")) }, "not a cluster's"},
		"a file":           {func(t *testing.T, dir string) { writeFile(t, dir) }, "cannot be made"},
		"below a file":     {func(t *testing.T, dir string) { writeFile(t, filepath.Dir(dir)) }, "cannot be made"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "parent", "state")
			if name != "below a file" {
				must(t, os.Mkdir(filepath.Dir(dir), 0o755))
			}
			test.prepare(t, dir)
			release, err := Dir(dir).Claim()
			if test.refused == "" {
				if err != nil {
					t.Fatal(err)
				}
				release()
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.refused) {
				t.Fatalf("got %v, want a refusal with %q", err, test.refused)
			}
		})
	}
}

func TestClaimIsExclusive(t *testing.T) {
	dir := Dir(t.TempDir())
	release, err := dir.Claim()
	must(t, err)
	if _, err := dir.Claim(); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Fatalf("got %v, want a refusal: another launcher works there", err)
	}
	release()
	again, err := dir.Claim()
	must(t, err)
	again()
}

func TestResetKeepsWhatIsNotOurs(t *testing.T) {
	dir := Dir(t.TempDir())
	claimOnce(t, string(dir))
	writeFile(t, dir.Path("notes.txt"))
	writeFile(t, dir.Path("logs", "old.log"))
	must(t, dir.Reset())
	if _, err := os.Stat(dir.Path("notes.txt")); err != nil {
		t.Fatalf("a file of somebody else is gone: %v", err)
	}
	if _, err := os.Stat(dir.Path("logs", "old.log")); err == nil {
		t.Fatal("a log of an earlier cluster is still there")
	}
}

func claimOnce(t *testing.T, dir string) {
	t.Helper()
	release, err := Dir(dir).Claim()
	must(t, err)
	release()
}

func writeFile(t *testing.T, path string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte("x"), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
