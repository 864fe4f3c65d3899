package policies_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

// podSecurity is the version of the standard that the oracle judges by.
var podSecurity = api.LevelVersion{Level: api.LevelRestricted, Version: api.MajorMinorVersion(1, 37)}

// podRules are the rules that stand for the Pod Security Standards.
var podRules = []string{"pods/host-access", "pods/security"}

// stricter are the Pods of the standard's test data that restricted lets through and we
// deny, each with the reason.
var stricter = map[string]string{}

// TestPodSecurityTestData judges the Pods with which Kubernetes tests its own admission
// plugin. Those of baseline are held against the plugin's verdict at restricted.
func TestPodSecurityTestData(t *testing.T) {
	oracle := newOracle(t)
	data := testData(t)
	seen := map[string]bool{}
	count := map[string]int{}
	for name, raw := range data {
		var pod corev1.Pod
		if err := yaml.UnmarshalStrict(raw, &pod); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, v := range pod.Spec.Volumes {
			if (v.VolumeSource == corev1.VolumeSource{}) {
				// As the API server fills it in before anybody judges.
				pod.Spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
			}
		}
		passes := oracle.allows(&pod)
		if level, verdict := filepath.Dir(filepath.Dir(filepath.Dir(name))), filepath.Base(filepath.Dir(name)); level == "restricted" && passes != (verdict == "pass") {
			t.Fatalf("%s: the oracle itself disagrees with its test data", name)
		}
		denials := oracle.ours(t, &pod)
		reason := stricter[name]
		switch {
		case !passes && len(denials) == 0:
			t.Errorf("%s is let through", name)
		case passes && reason == "" && len(denials) > 0:
			t.Errorf("%s is denied: %q", name, denials)
		case passes && reason != "" && len(denials) == 0:
			t.Errorf("%s is let through, and was to be denied: %s", name, reason)
		}
		seen[name] = true
		count[map[bool]string{true: "pass", false: "fail"}[passes]]++
	}
	for name := range stricter {
		if !seen[name] {
			t.Errorf("%s is no longer among the test data", name)
		}
	}
	if len(data) != 148 {
		t.Errorf("%d Pods, want the 148 of v1.37", len(data))
	}
	t.Logf("%d Pods, %d pass and %d fail restricted; stricter on %d", len(data), count["pass"], count["fail"], len(stricter))
}

// testData reads the Pods of both levels out of the module, which does not embed them.
func testData(t *testing.T) map[string][]byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "test", "testdata")
	files, err := filepath.Glob(filepath.Join(root, "*", "v1.37", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	data := map[string][]byte{}
	for _, file := range files {
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		if data[name], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// oracle judges Pods by Kubernetes' own checks, and by our rules beside them.
type oracle struct {
	checks  policy.Evaluator
	program *engine.Program
	review  map[string]any
}

func newOracle(t *testing.T) oracle {
	t.Helper()
	version := podSecurity.Version
	checks, err := policy.NewEvaluator(policy.DefaultChecks(), &version)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := policytest.Cases(policies.FS, "pods/security")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(cases, func(c policytest.Case) bool { return c.File == "pods/security/pass/restricted.yaml" })
	return oracle{checks: checks, program: compile(t, false), review: cases[i].Input}
}

func (o oracle) allows(pod *corev1.Pod) bool {
	return policy.AggregateCheckResults(o.checks.EvaluatePod(podSecurity, &pod.ObjectMeta, &pod.Spec)).Allowed
}

// of is the review of a Pod's creation.
func (o oracle) of(t *testing.T, pod *corev1.Pod) map[string]any {
	t.Helper()
	raw, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	review := copied(o.review).(map[string]any)
	review["request"].(map[string]any)["object"] = object
	review["expansion"] = map[string]any{
		"pods":    []any{map[string]any{"path": "", "metadata": object["metadata"], "spec": object["spec"]}},
		"oldPods": []any{},
	}
	return review
}

// ours are the denials of our Pod rules.
func (o oracle) ours(t *testing.T, pod *corev1.Pod) []string {
	t.Helper()
	result, err := decide(t, o.program, o.of(t, pod))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range result.Denials {
		if slices.Contains(podRules, f.Rule) {
			out = append(out, f.Rule+": "+f.Msg)
		}
	}
	return out
}
