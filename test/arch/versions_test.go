package arch

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// apart are modules of which the control plane keeps the version that Kubernetes was
// released with, though ours is another: what they do is what is tested against.
var apart = map[string]bool{"github.com/google/cel-go": true, "github.com/sirupsen/logrus": true}

// required are the versions that a module names.
func required(t *testing.T, dir string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	var file struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, r := range file.Require {
		all[r.Path] = r.Version
	}
	return all
}

// TestTheControlPlaneSharesVersions: one package of another version below makes every
// package above it another one, and the compiler does hundreds of them twice.
func TestTheControlPlaneSharesVersions(t *testing.T) {
	ours, theirs := required(t, "../.."), required(t, "../cluster/kubernetes")
	shared := 0
	for path, version := range theirs {
		// Kubernetes' own repositories are replaced, by the versions that we have.
		if ours[path] == "" || apart[path] || strings.HasPrefix(path, "k8s.io/") {
			continue
		}
		shared++
		if version != ours[path] {
			t.Errorf("%s is %s for the control plane and %s here; go -C test/cluster/kubernetes get %s@%s", path, version, ours[path], path, ours[path])
		}
	}
	if shared < 50 {
		t.Errorf("only %d modules are shared", shared)
	}
}
