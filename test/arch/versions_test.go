package arch

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// apart are modules of which another module keeps its version, though ours is another: CEL as
// Kubernetes was released with it, since what it does is what is tested against, and leaves
// that nothing of ours stands on.
var apart = map[string]bool{
	"github.com/google/cel-go": true, "github.com/sirupsen/logrus": true,
	"github.com/Masterminds/semver/v3": true, "github.com/gobwas/glob": true,
}

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

// TestBigModulesShareVersions: one package of another version below makes every package
// above it another one, and the compiler does hundreds of them twice.
func TestBigModulesShareVersions(t *testing.T) {
	ours := required(t, "../..")
	for _, dir := range []string{"cluster/kubernetes", "cluster/kwok", "tools/helm"} {
		shared := 0
		for path, version := range required(t, "../"+dir) {
			// Kubernetes' own repositories are replaced there, by the versions that we have.
			if ours[path] == "" || apart[path] || version == "v0.0.0" {
				continue
			}
			shared++
			if version != ours[path] {
				t.Errorf("test/%s has %s at %s, and we at %s; go -C test/%s get %s@%s", dir, path, version, ours[path], dir, path, ours[path])
			}
		}
		if shared < 40 {
			t.Errorf("test/%s shares only %d modules", dir, shared)
		}
	}
}
