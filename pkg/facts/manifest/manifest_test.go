package manifest

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/facts"
)

func tier(name string) string {
	return "apiVersion: gatehouse.dev/v1alpha1\nkind: Tier\nmetadata: {name: " + name + "}\nspec: {rank: 1}\n"
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func platform(text string) (facts.Objects, error) {
	objects, err := Decode([]byte(text))
	if err != nil {
		return facts.Objects{}, err
	}
	return Platform(objects, "x-")
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.yml", "b.yaml", "c.json", "README.md"} {
		write(t, filepath.Join(dir, name), "{}")
	}
	names := func(path string) []string {
		t.Helper()
		files, err := Files(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, file := range files {
			files[i] = filepath.Base(file)
		}
		return files
	}
	for want, path := range map[string]string{"a.yml b.yaml c.json": dir, "c.json": filepath.Join(dir, "c.json"), "-": "-"} {
		if diff := cmp.Diff(strings.Fields(want), names(path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	write(t, filepath.Join(dir, "kustomization.yaml"), "resources: [c.json, a.yml]\n")
	if diff := cmp.Diff([]string{"c.json", "a.yml"}, names(dir)); diff != "" {
		t.Errorf("a folder with a kustomization (-want +got):\n%s", diff)
	}
	write(t, filepath.Join(dir, "kustomization.yaml"), "resources: [gone.yaml]\n")
	if files, err := Files(dir); err == nil {
		t.Errorf("a file that is not there is passed over: %v", files)
	}
}

func TestPlatform(t *testing.T) {
	in, err := platform(tier("a") + "---\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n" +
		"- {apiVersion: gatehouse.dev/v1alpha1, kind: Tenant, metadata: {name: alice}, spec: {organization: acme, tier: a}}\n" +
		"---\n{apiVersion: other.example/v1, kind: Tier, metadata: {name: stranger}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Tiers) != 1 || in.Tiers[0].Name != "a" || len(in.Tenants) != 1 {
		t.Errorf("%d tiers, %d tenants, want one of each", len(in.Tiers), len(in.Tenants))
	}
	home, _ := facts.Build(in).HomeOf("x-alice")
	if home == nil {
		t.Fatalf("alice has no namespace among %v", maps.Collect(facts.Build(in).Homes()))
	}
	if got := home.Standing(nil).Effective.Tier; got != "a" {
		t.Errorf("alice's tier is %q", got)
	}
}

func TestRefused(t *testing.T) {
	for want, text := range map[string]string{
		"rang":                           strings.Replace(tier("a"), "rank", "rang", 1),
		"apiVersion or kind is missing":  "kind: Tier\n",
		"error converting YAML to JSON:": "a: [",
	} {
		if _, err := platform(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
