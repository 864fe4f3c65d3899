package installation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	got, err := Load("../../../config/manager/gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := Installation{AliasPrefixes: `["local:"]`, AdminGroups: `["system:masters"]`, AdminUsers: "[]",
		SystemNamespace: "claude-runner-system", NamespacePrefix: "claude-runner-user-"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("installation (-want +got):\n%s", diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":    {"", "must be set"},
		"no issuers": {"systemNamespace: a\ntenantNamespacePrefix: b\n", "must be set"},
		"not YAML":   {"a: [", "parse"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c.yaml")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(path); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was read")
	}
}
