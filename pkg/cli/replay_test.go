package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/audit/recording"
	"gatehouse.dev/gatehouse/pkg/audit/recording/replay"
)

// recordings writes what the gate asks when alice creates objects, as the webhook does.
func recordings(t *testing.T, manifests string) string {
	t.Helper()
	dir := t.TempDir()
	r, err := recording.New(recording.Options{Directory: dir, Name: "test", Sample: 1, MaxBytes: 8 << 20, Key: []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	flags := judgeFlags{files: []string{"-"}, as: "local:alice", platform: []string{"testdata/platform.yaml"}, config: "testdata/gatehouse.yaml"}
	env := Env{In: strings.NewReader(manifests), Now: func() time.Time { return now }, Compile: compileOnce}
	_, all, err := flags.run(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all.Results {
		if x.asked == nil {
			t.Fatalf("the policies were not asked about %s", x.Object)
		}
		r.Record(recording.Of(*x.asked))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return dir
}

const secretAndMap = `apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {password: hunter2}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {a: b}
---
`

// The same policies turn nothing, and say so of every decision.
func TestReplayOfTheSame(t *testing.T) {
	dir := recordings(t, secretAndMap+session("one", "claude-sonnet")+session("two", "claude-opus"))
	got := run(t, "", "replay", "--recordings", dir, "--with", "../../policies", "--config", "testdata/gatehouse.yaml", "-o", "json")
	var report replay.Report
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("exit %d: %v: %s", got.code, err, got.errout)
	}
	if got.code != 0 || report.Decisions != 4 || report.Changes[replay.Unchanged] != 4 {
		t.Errorf("exit %d, %+v", got.code, report)
	}
}

// A Policy manifest over the built-in ones, as an engineer would try it: one rule more,
// one that looks at what is hidden, one that is relaxed.
func TestReplayWithManifests(t *testing.T) {
	dir := recordings(t, secretAndMap+session("one", "claude-sonnet")+session("two", "claude-opus"))
	const rego = `  rego: |
    # METADATA
    # title: T
    # description: D
    # custom:
    #   match: {groups: ["*"], kinds: [%KIND%], operations: ["*"]}
    package %PACKAGE%

    deny contains "no" if %CONDITION%
`
	policy := func(name, kind, condition string) string {
		text := "---\napiVersion: gatehouse.dev/v1alpha1\nkind: Policy\nmetadata: {name: " + name + "}\nspec:\n" + rego
		return strings.NewReplacer("%KIND%", kind, "%PACKAGE%", name, "%CONDITION%", condition).Replace(text)
	}
	with := file(t, "policies.yaml", policy("site.maps", "ConfigMap", `input.request.object.metadata.name == "m"`)+
		policy("site.secrets", "Secret", `startswith(input.request.object.stringData.password, "hunter")`)+
		policy("site.same", "Secret", `input.request.object.stringData == input.request.oldObject`)+
		"---\napiVersion: gatehouse.dev/v1alpha1\nkind: Policy\nmetadata: {name: models.granted}\nspec: {enforcement: warn, reason: a test}\n")
	got := run(t, "", "replay", "--recordings", dir, "--with", with, "--config", "testdata/gatehouse.yaml", "-o", "json")
	var report replay.Report
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("exit %d: %v: %s", got.code, err, got.errout)
	}
	c := report.Changes
	if got.code != 1 || c[replay.ToDenied] != 1 || c[replay.ToAllowed] != 1 || c[replay.Indeterminate] != 1 || c[replay.Unchanged] != 1 {
		t.Errorf("exit %d, %v", got.code, c)
	}
	rules := map[string]replay.Change{}
	for _, r := range report.Rules {
		rules[r.Rule] = r.Examples[0].Change
		if r.Rule == "site/secrets" && !strings.HasPrefix(r.Examples[0].Look, "site/secrets/rule.rego:8") {
			t.Errorf("looked at %q", r.Examples[0].Look)
		}
	}
	if len(rules) != 3 || rules["site/maps"] != replay.ToDenied || rules["site/secrets"] != replay.Indeterminate || rules["models/granted"] != replay.ToAllowed {
		t.Errorf("rules %v", rules)
	}
	table := run(t, "", "replay", "--recordings", dir, "--with", with, "--config", "testdata/gatehouse.yaml")
	for _, want := range []string{"decisions        4", "allowed→denied", "site/maps: allowed→denied", "CREATE ConfigMap/m in claude-runner-user-alice by local:alice", "at a replaced value at site/secrets/rule.rego:8"} {
		if !strings.Contains(table.out, want) {
			t.Errorf("the table has no %q:\n%s", want, table.out)
		}
	}
	if strings.Contains(table.out+got.out, "hunter2") {
		t.Error("a secret is shown")
	}
}

// Gatekeeper's templates and constraints over the built-in policies, from a folder.
func TestReplayWithConstraints(t *testing.T) {
	dir := recordings(t, secretAndMap)
	with := t.TempDir()
	const text = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: nomaps}
spec:
  crd: {spec: {names: {kind: NoMaps}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package nomaps

      violation[{"msg": "no maps here"}] {
        input.review.kind.kind == "ConfigMap"
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NoMaps
metadata: {name: everywhere}
spec: {}
`
	if err := os.WriteFile(filepath.Join(with, "nomaps.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run(t, "", "replay", "--recordings", dir, "--with", with, "--config", "testdata/gatehouse.yaml", "-o", "json")
	var report replay.Report
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("exit %d: %v: %s", got.code, err, got.errout)
	}
	if got.code != 1 || report.Changes[replay.ToDenied] != 1 || report.Changes[replay.Unchanged] != 1 || len(report.Rules) != 1 || !slices.Equal(report.Rules[0].Examples[0].After, []string{"no maps here"}) {
		t.Errorf("exit %d, %+v", got.code, report)
	}
	args := append(slices.Clone(offline), "--as", "local:alice", "--policies", with)
	if got := run(t, secretAndMap, append([]string{"check"}, args...)...); got.code != 1 || !strings.Contains(got.errout, "no maps here") {
		t.Errorf("check: exit %d: %s%s", got.code, got.out, got.errout)
	}
}

func TestReplayMisuse(t *testing.T) {
	empty := t.TempDir()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "gatehouse-x.jsonl"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":           {nil, 2, "--recordings DIR"},
		"no policies":       {[]string{"--recordings", empty}, 2, "--with DIR"},
		"no recordings":     {[]string{"--recordings", empty, "--with", "../../policies"}, 1, "no file gatehouse-"},
		"nothing readable":  {[]string{"--recordings", broken, "--with", "../../policies"}, 1, "no decision that can be read"},
		"nowhere":           {[]string{"--recordings", empty, "--with", filepath.Join(empty, "none")}, 1, "no such file"},
		"no policies there": {[]string{"--recordings", empty, "--with", empty}, 1, "in no set of policies"},
	} {
		if got := run(t, "", append([]string{"replay"}, test.args...)...); got.code != test.code || !strings.Contains(got.errout, test.says) {
			t.Errorf("%s: exit %d, want %d with %q: %s", name, got.code, test.code, test.says, got.errout)
		}
	}
}
