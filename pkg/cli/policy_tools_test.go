package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

func TestPolicyEval(t *testing.T) {
	dir := newSet(t)
	fail := filepath.Join(dir, "net", "open", "fail", "unnamed.yaml")
	pass := filepath.Join(dir, "net", "open", "pass", "named.yaml")
	var read evaluated
	got := run(t, "", "policy", "eval", dir, "--input", fail, "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &read); err != nil {
		t.Fatalf("exit %d: %v: %s", got.code, err, got.errout)
	}
	if got.code != 1 || len(read.Rules) != 2 || len(read.Rules[1].Says) != 1 || !strings.HasPrefix(read.Rules[1].Says[0], `deny: ConfigMap "settings" names nobody`) || read.Rules[1].Micros <= 0 {
		t.Errorf("exit %d: %+v", got.code, read)
	}
	if _, ok := read.Result.(map[string]any)["net/open"]; !ok {
		t.Errorf("the result document is %v", read.Result)
	}
	if got := run(t, "", "policy", "eval", filepath.Join(dir, "net"), "--input", pass); got.code != 0 || strings.Contains(got.out, "images/signed-by  ") || !strings.Contains(got.out, "net/open") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
	const request = `"request": {"kind": {"group": "", "version": "v1", "kind": "ConfigMap"}, "operation": "CREATE", "object": {"metadata": {"name": "a"}}}`
	for name, input := range map[string]string{
		"an AdmissionReview": `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", ` + request + `}`,
		"a whole input":      `{"caller": {"class": "human"}, ` + request + `}`,
	} {
		if got := run(t, input, "policy", "eval", dir, "--input", "-"); got.code != 1 || !strings.Contains(got.out, `deny: ConfigMap "a" names nobody`) {
			t.Errorf("%s: exit %d: %s%s", name, got.code, got.out, got.errout)
		}
	}
	for name, input := range map[string]string{"half an input": `{` + request + `}`, "something else": `{"a": 1}`, "no YAML": `{`, "two examples": `{"a": {"case": "x"}, "b": {"case": "y"}}`} {
		if got := run(t, input, "policy", "eval", dir, "--input", "-"); got.code != 1 || got.out != "" || !strings.Contains(got.errout, "read -: ") {
			t.Errorf("%s: exit %d: %s%s", name, got.code, got.out, got.errout)
		}
	}
	if got := run(t, "", "policy", "eval", dir); got.code != 2 {
		t.Errorf("without --input: exit %d", got.code)
	}
}

func TestPolicyBench(t *testing.T) {
	dir := newSet(t)
	got := run(t, "", "policy", "bench", "--time", "2ms", "-o", "json", filepath.Join(dir, "net"))
	var read struct{ Policies []policytest.Cost }
	if err := json.Unmarshal([]byte(got.out), &read); err != nil {
		t.Fatalf("exit %d: %v: %s", got.code, err, got.errout)
	}
	if len(read.Policies) != 1 || got.code != 0 {
		t.Fatalf("exit %d: %+v", got.code, read)
	}
	c := read.Policies[0]
	if c.Rule != "net/open" || c.Examples != 2 || c.Nanoseconds <= 0 || c.Allocations <= 0 || c.Bytes <= 0 || c.SlowestNanoseconds < c.Nanoseconds || c.Slowest == "" {
		t.Errorf("%+v", c)
	}
	if got := run(t, "", "policy", "bench", "--time", "1ms", dir); got.code != 0 || strings.Count(got.out, "\n") != 3 {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
	if got := run(t, "", "policy", "bench", "--time", "-1ms", dir); got.code != 2 {
		t.Errorf("a negative time: exit %d", got.code)
	}
}

func TestPolicyDocs(t *testing.T) {
	dir := newSet(t)
	edit(t, filepath.Join(dir, "net", "open", "rule.rego"), "Say what is judged", "As CVE-2020-8554 and CVE-2021-25740 show. Say what is judged")
	got := run(t, "", "policy", "docs", dir)
	for _, want := range []string{
		"| [net/open](net/open/rule.rego) | ConfigMap: CREATE, UPDATE | Say in one line", "### images/signed-by", "- `label`: `\"contact\"`",
		"Answers [CVE-2020-8554](https://www.cve.org/CVERecord?id=CVE-2020-8554), [CVE-2021-25740]", "denied: `ConfigMap \"settings\" names nobody`",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in:\n%s", want, got.out)
		}
	}
	if got.code != 0 {
		t.Errorf("exit %d: %s", got.code, got.errout)
	}
	var reports []policytest.PolicyReport
	if err := json.Unmarshal([]byte(run(t, "", "policy", "docs", "-o", "json", filepath.Join(dir, "net")).out), &reports); err != nil || len(reports) != 1 {
		t.Errorf("%d policies, %v", len(reports), err)
	}
	edit(t, filepath.Join(dir, "net", "open", "rule.rego"), "deny contains", "deny contain")
	if got := run(t, "", "policy", "docs", dir); got.code != 1 || got.out != "" {
		t.Errorf("broken: exit %d: %s", got.code, got.out)
	}
}

func TestPluginName(t *testing.T) {
	var out bytes.Buffer
	Run(context.Background(), []string{"check", "--help"}, Env{Out: &out, Err: &out, Name: "kubectl gatehouse"})
	if !strings.Contains(out.String(), "kubectl gatehouse check -f FILE") {
		t.Error(out.String())
	}
}
