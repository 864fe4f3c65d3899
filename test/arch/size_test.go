package arch

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxLines is the longest a source file may be.
const maxLines = 400

func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"ls-files", "--"}, patterns...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	return strings.Fields(string(out))
}

func TestFilesStaySmall(t *testing.T) {
	for _, file := range tracked(t, "*.go", "*.rego") {
		if strings.Contains(file, "zz_generated") || strings.Contains(file, "testdata/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join("../..", file))
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, at most %d", file, n, maxLines)
		}
	}
}

func TestTopLevel(t *testing.T) {
	fixed := map[string]bool{"cmd": true, "webhooks": true, "policies": true, "pkg": true, "config": true, "charts": true, "test": true, "docs": true,
		"go.mod": true, "go.sum": true, "Makefile": true, "README.md": true, "LICENSE": true}
	for _, file := range tracked(t) {
		top, _, _ := strings.Cut(file, "/")
		if !fixed[top] && !strings.HasPrefix(top, ".") {
			t.Errorf("%s does not belong at the top level", top)
		}
	}
}

func TestMainOnlyWires(t *testing.T) {
	for _, file := range tracked(t, "cmd/*/main.go") {
		data, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("\n")); n > 150 {
			t.Errorf("%s has %d lines, at most 150", file, n)
		}
	}
}
