package cli

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repository writes a Git tree with everything that a check may meet in one, and makes
// it the working directory.
func repository(t *testing.T) {
	t.Helper()
	files := map[string]string{
		".git/config.yaml":             "not: [yaml",
		"README.md":                    "# no manifest",
		"a/good.yaml":                  "# a comment\n\n" + session("one", "claude-sonnet"),
		"a/list.json":                  "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n  {\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"x\"}},\n  {\"apiVersion\": \"research.example.com/v1\", \"kind\": \"ResearchSession\", \"metadata\": {\"name\": \"y\"}, \"spec\": {\"prompt\": \"p\", \"websiteURL\": \"https://example.com\", \"llmSettings\": {\"model\": \"claude-opus\"}}}\n]}\n",
		"a/two.yml":                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n---\n---\n" + session("opus", "claude-opus"),
		"b/broken.yaml":                "apiVersion: v1\nkind: [\n",
		"b/empty.yaml":                 "# nothing\n",
		"b/package.json":               "{\"name\": \"web\", \"version\": \"1.0.0\"}",
		"b/values.json":                "[1, 2]",
		"b/template.yaml":              "kind: ConfigMap\nmetadata: {name: {{ .Values.name }}}\n",
		"chart/Chart.yaml":             "apiVersion: v2\nname: chart\n",
		"chart/values.yaml":            "replicas: 1\n",
		"chart/templates/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: fixed}\n",
		"chart/crds/map.yaml":          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: in-crds}\n",
		"overlay/kustomization.yaml":   "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches:\n- path: patch.yaml\nresources: [map.yaml]\n",
		"overlay/patch.yaml":           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-overlay}\n",
		"overlay/map.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-overlay}\n",
		"tool/kubeconfig.yaml":         "apiVersion: v1\nkind: Config\n",
	}
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	platform, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"platform.yaml", "gatehouse.yaml"} {
		if err := os.Symlink(filepath.Join(platform, name), filepath.Join(dir, "."+name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

func checkTree(t *testing.T, more ...string) result {
	t.Helper()
	return run(t, "", append([]string{"check", "-f", ".", "--as", "local:alice", "--platform", ".platform.yaml", "--config", ".gatehouse.yaml"}, more...)...)
}

func TestCheckTree(t *testing.T) {
	repository(t)
	got := checkTree(t, "-o", "json")
	if got.code != 1 {
		t.Fatalf("exit %d: %s", got.code, got.errout)
	}
	var read struct {
		Results []judged
		Skipped []passedOver
	}
	if err := json.Unmarshal([]byte(got.out), &read); err != nil {
		t.Fatal(err)
	}
	where := map[string]string{}
	for _, r := range read.Results {
		where[r.File+" "+r.Object[strings.LastIndex(r.Object, "/")+1:]] = r.Outcome + " " + strings.Join(r.Rules, ",") + " " + string(rune('0'+r.Line))
	}
	want := map[string]string{
		"a/good.yaml one":               "allowed  3",
		"a/list.json x":                 "allowed  2",
		"a/list.json y":                 "denied models/granted 3",
		"a/two.yml m":                   "allowed  1",
		"a/two.yml opus":                "denied models/granted 6",
		"b/broken.yaml -":               "error  1",
		"chart/crds/map.yaml in-crds":   "allowed  1",
		"overlay/map.yaml from-overlay": "allowed  1",
	}
	if diff := cmp.Diff(want, where); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	skipped := map[string]string{}
	for _, s := range read.Skipped {
		skipped[s.File] = s.Reason
	}
	for file, reason := range map[string]string{
		"b/empty.yaml": "empty", "b/package.json": "no Kubernetes object", "b/values.json": "no Kubernetes object", "b/template.yaml": "template",
		"chart/Chart.yaml": "helm template chart", "chart/values.yaml": "helm template chart", "chart/templates/service.yaml": "helm template chart",
		"overlay/kustomization.yaml": "kubectl kustomize", "overlay/patch.yaml": "a part of overlay/kustomization.yaml", "tool/kubeconfig.yaml": "file for a tool",
	} {
		if !strings.Contains(skipped[file], reason) {
			t.Errorf("%s: %q, want %q", file, skipped[file], reason)
		}
		delete(skipped, file)
	}
	if len(skipped) > 0 {
		t.Errorf("skipped without being expected: %v", skipped)
	}
}

func TestCheckTreeForPeople(t *testing.T) {
	repository(t)
	got := checkTree(t)
	if got.code != 1 || !strings.Contains(got.out, "a/two.yml:6") || !strings.Contains(got.errout, "skipped b/template.yaml: ") {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.errout)
	}
	if got := run(t, "", "check", "-f", "tool", "--as", "local:alice", "--platform", ".platform.yaml", "--config", ".gatehouse.yaml"); got.code != 1 || !strings.Contains(got.errout, "no objects") {
		t.Errorf("a folder without objects: exit %d: %s", got.code, got.errout)
	}
	if got := run(t, "", "check", "-f", "b/package.json", "--as", "local:alice", "--platform", ".platform.yaml", "--config", ".gatehouse.yaml"); got.code != 1 || !strings.Contains(got.errout, "no Kubernetes object") {
		t.Errorf("a file that was named: exit %d: %s", got.code, got.errout)
	}
}

func TestSARIF(t *testing.T) {
	repository(t)
	got := checkTree(t, "-o", "sarif")
	if got.code != 1 {
		t.Fatalf("exit %d: %s", got.code, got.errout)
	}
	var log sarif
	if err := json.Unmarshal([]byte(got.out), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || !strings.Contains(log.Schema, "sarif-2.1.0") {
		t.Fatalf("no SARIF 2.1.0: %.200s", got.out)
	}
	run := log.Runs[0]
	var found []string
	for _, r := range run.Results {
		rule := run.Tool.Driver.Rules[*r.RuleIndex]
		place := r.Locations[0].Physical
		if rule.ID != r.RuleID || rule.Help.Text == "" || place.Region.StartLine < 1 || r.Message.Text == "" || len(r.Fingerprints) != 1 {
			t.Errorf("a result is not whole: %+v", r)
		}
		if r.Level == "error" {
			found = append(found, r.RuleID+" "+place.Artifact.URI)
		}
	}
	want := []string{"models/granted a/list.json", "models/granted a/two.yml", "gatehouse/error b/broken.yaml"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if n := len(run.Invocations[0].Notes); n != 10 {
		t.Errorf("%d notes on files that were not judged, want 10", n)
	}
}

func TestJUnit(t *testing.T) {
	repository(t)
	got := checkTree(t, "-o", "junit")
	if got.code != 1 || !strings.HasPrefix(got.out, xml.Header) {
		t.Fatalf("exit %d: %s", got.code, got.errout)
	}
	var report junit
	if err := xml.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Tests != 18 || report.Failures != 2 || report.Errors != 1 || report.Skipped != 10 {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped", report.Tests, report.Failures, report.Errors, report.Skipped)
	}
	tests := 0
	for _, s := range report.Suites {
		tests += s.Tests
		for _, c := range s.Cases {
			if c.Failure != nil && (!strings.Contains(c.Failure.Text, "denied by models/granted") || c.Line == 0 || c.File != s.Name) {
				t.Errorf("a failure is not whole: %+v", c)
			}
		}
	}
	if tests != report.Tests {
		t.Errorf("suites have %d tests, all %d", tests, report.Tests)
	}
}

func TestObjectLines(t *testing.T) {
	for text, want := range map[string][]int{
		"a: 1\n":                                  {1},
		"# c\n---\n\na: 1\n---\nb: 1\n":           {4, 6},
		"---\n---\na: 1\n":                        {3},
		"items:\n- a: 1\n- b: 1\n---\nc: 1\n":     {2, 3, 5},
		"{\"items\": [\n{\"a\": 1}, {\"b\": 2}]}": {2, 2},
		"- a\n- b\n":                              nil,
		"a: [":                                    nil,
	} {
		if diff := cmp.Diff(want, objectLines([]byte(text))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
