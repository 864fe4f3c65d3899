package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"gatehouse.dev/gatehouse/pkg/facts/manifest"
)

// liveObjects serves testdata/platform.yaml as a cluster would.
func liveObjects(t *testing.T) map[string]string {
	t.Helper()
	objects, err := readManifests(Env{}, []string{"testdata/platform.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string][]string{}
	for _, obj := range objects {
		obj.SetUID("u-1")
		lists[obj.GetKind()] = append(lists[obj.GetKind()], encoded(t, obj))
	}
	out := map[string]string{}
	for kind, items := range lists {
		plural := resourceOf(kindOf("gatehouse.dev/v1alpha1", kind)).Resource
		out["/apis/gatehouse.dev/v1alpha1/"+plural] = fmt.Sprintf(`{"kind":"%sList","apiVersion":"gatehouse.dev/v1alpha1","items":[%s]}`, kind, strings.Join(items, ","))
	}
	out["/apis/gatehouse.dev/v1alpha1/policies"] = `{"kind":"PolicyList","apiVersion":"gatehouse.dev/v1alpha1","items":[]}`
	out["/apis/templates.gatekeeper.sh/v1/constrainttemplates"] = `{"kind":"ConstraintTemplateList","apiVersion":"templates.gatekeeper.sh/v1","items":[]}`
	out["/api/v1/namespaces"] = `{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"claude-runner-user-alice",
"labels":{"gatehouse.dev/tenant":"alice"},"annotations":{"gatehouse.dev/tenant-uid":"u-1"}}}]}`
	file, err := os.ReadFile("testdata/gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out["/api/v1/namespaces/claude-runner-system/configmaps/gatehouse-config"] = fmt.Sprintf(
		`{"kind":"ConfigMap","apiVersion":"v1","data":{"gatehouse.yaml":%q}}`, file)
	// One of alice's two sessions is taken.
	out["/apis/gatehouse.dev/v1alpha1/quotaledgers/organization-acme"] = `{"kind":"QuotaLedger","apiVersion":"gatehouse.dev/v1alpha1",
"metadata":{"name":"organization-acme"},"spec":{"domain":"organization/acme","sections":[{"tenant":"alice","settled":[{"dimension":"sessions","amount":"1"}]}]}}`
	return out
}

func encoded(t *testing.T, obj *unstructured.Unstructured) string {
	t.Helper()
	raw, err := json.Marshal(obj.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestCheckAgainstTheCluster(t *testing.T) {
	(&apiServer{objects: liveObjects(t)}).start(t)
	two := session("one", "claude-sonnet") + session("two", "claude-sonnet")
	got := run(t, two, "check", "--as", "local:alice", "-f", "-")
	if got.code != 1 || strings.Count(got.out, "\nallowed ") != 1 || strings.Count(got.out, "\ndenied ") != 1 || !strings.Contains(got.errout, "quota/sessions") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
}

// TestCheckAsksTheStoredPolicies: what the cluster enforces beside what is built in is
// asked without being told to.
func TestCheckAsksTheStoredPolicies(t *testing.T) {
	all := liveObjects(t)
	all["/apis/gatehouse.dev/v1alpha1/policies"] = fmt.Sprintf(`{"kind":"PolicyList","apiVersion":"gatehouse.dev/v1alpha1","items":[{
"metadata":{"name":"acme.no-one"},"spec":{"rego":%q}}]}`, `# METADATA
# title: Nobody is called one
# description: Says no to that name.
# custom:
#   match: {groups: [research.example.com], kinds: [ResearchSession], operations: [CREATE]}
package acme["no-one"]

deny contains {"msg": "no one"} if input.request.name == "one"
`)
	(&apiServer{objects: all}).start(t)
	got := run(t, session("one", "claude-sonnet"), "check", "--as", "local:alice", "-f", "-")
	if got.code != 1 || !strings.Contains(got.errout, "denied by acme/no-one: no one") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
	delete(all, "/apis/gatehouse.dev/v1alpha1/policies")
	got = run(t, session("one", "claude-sonnet"), "check", "--as", "local:alice", "-f", "-")
	if got.code != 1 || !strings.Contains(got.errout, "read the policies in force") {
		t.Errorf("policies that nobody can read are as if there were none: exit %d: %s%s", got.code, got.out, got.errout)
	}
}

// noOnes is a template and a constraint of it, the one looking others up.
const noOnes = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: noones}
spec:
  crd: {spec: {names: {kind: NoOnes}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package noones

      violation[{"msg": "no ones here"}] {
        input.review.object.metadata.name == "one"
        not data.inventory.cluster["v1"].Namespace.open
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NoOnes
metadata: {name: everywhere}
spec: {}
`

// serveConstraints has a cluster store them.
func serveConstraints(t *testing.T, all map[string]string) {
	t.Helper()
	objects, err := manifest.Decode([]byte(noOnes))
	if err != nil {
		t.Fatal(err)
	}
	all["/apis/templates.gatekeeper.sh/v1/constrainttemplates"] = fmt.Sprintf(`{"kind":"ConstraintTemplateList","apiVersion":"templates.gatekeeper.sh/v1","items":[%s]}`, encoded(t, objects[0]))
	all["/apis/constraints.gatekeeper.sh/v1beta1/noones"] = fmt.Sprintf(`{"kind":"NoOnesList","apiVersion":"constraints.gatekeeper.sh/v1beta1","items":[%s]}`, encoded(t, objects[1]))
}

func TestCheckAsksTheStoredConstraints(t *testing.T) {
	all := liveObjects(t)
	serveConstraints(t, all)
	(&apiServer{objects: all}).start(t)
	got := run(t, session("one", "claude-sonnet"), "check", "--as", "local:alice", "-f", "-")
	if got.code != 1 || !strings.Contains(got.errout, "denied by noones/everywhere: no ones here") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
	if !strings.Contains(got.errout, "Warning: NoOnes looks other objects up and finds none here") {
		t.Errorf("it does not say what it cannot see: %s", got.errout)
	}

	// With the kinds that it looks up in the configuration, it finds them.
	key := "/api/v1/namespaces/claude-runner-system/configmaps/gatehouse-config"
	all[key] = strings.Replace(all[key], `"gatehouse.yaml":"`, `"gatehouse.yaml":"gatekeeper: {inventory: [{group: '', version: v1, kind: Namespace}]}\n`, 1)
	all["/api/v1/namespaces"] = strings.Replace(all["/api/v1/namespaces"], `"items":[`, `"items":[{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"open"}},`, 1)
	got = run(t, session("one", "claude-sonnet"), "check", "--as", "local:alice", "-f", "-")
	if got.code != 0 || strings.Contains(got.errout, "finds none") {
		t.Errorf("with an inventory: exit %d: %s%s", got.code, got.out, got.errout)
	}
}

// TestCheckReadsThePlatformOnce: standard input can be read but once, and its policies
// count.
func TestCheckReadsThePlatformOnce(t *testing.T) {
	platform, err := os.ReadFile("testdata/platform.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects := file(t, "session.yaml", session("one", "claude-sonnet"))
	got := run(t, string(platform)+"\n---\n"+noOnes, "check", "--as", "local:alice", "-f", objects, "--platform", "-", "--config", "testdata/gatehouse.yaml")
	if got.code != 1 || !strings.Contains(got.errout, "no ones here") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
}

func TestCheckNamesPoliciesThatItCannotAsk(t *testing.T) {
	all := liveObjects(t)
	key := "/api/v1/namespaces/claude-runner-system/configmaps/gatehouse-config"
	all[key] = strings.Replace(all[key], `"gatehouse.yaml":"`, `"gatehouse.yaml":"policyDirectories: [/policies]\n`, 1)
	(&apiServer{objects: all}).start(t)
	got := run(t, session("one", "claude-sonnet"), "check", "--as", "local:alice", "-f", "-")
	if got.code != 0 || !strings.Contains(got.errout, "policyDirectories") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
}

func TestCheckAgainstAClusterThatShowsNothing(t *testing.T) {
	all := liveObjects(t)
	(&apiServer{objects: map[string]string{}}).start(t)
	got := run(t, session("one", "claude-sonnet"), "check", "--as", "local:alice", "-f", "-")
	if got.code != 1 || !strings.Contains(got.errout, "read the configuration") {
		t.Errorf("no configuration: exit %d: %s", got.code, got.errout)
	}
	delete(all, "/apis/gatehouse.dev/v1alpha1/tenants")
	(&apiServer{objects: all}).start(t)
	got = run(t, session("one", "claude-sonnet"), "check", "--as", "local:alice", "-f", "-")
	if got.code != 1 || !strings.Contains(got.errout, "--platform") {
		t.Errorf("no tenants: exit %d: %s", got.code, got.errout)
	}
}
