package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/passport"
)

const aliceHome, bobHome = "claude-runner-user-alice", "claude-runner-user-bob"

// partial is an object as lists of metadata show it; owner is "" or Kind/name.
func partial(namespace, name, wire, owner string) *metav1.PartialObjectMetadata {
	o := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"}}
	o.Namespace, o.Name, o.UID = namespace, name, types.UID("uid-"+name)
	if wire != "" {
		o.Annotations = map[string]string{"gatehouse.dev/passport": wire}
	}
	if kind, name, owned := strings.Cut(owner, "/"); owned {
		yes := true
		o.OwnerReferences = []metav1.OwnerReference{{APIVersion: "x/v1", Kind: kind, Name: name, UID: "u", Controller: &yes}}
	}
	return o
}

// sealedBy is a passport of somebody in a namespace.
func sealedBy(t *testing.T, k *passport.Keyring, user, namespace string) string {
	t.Helper()
	w, err := k.Sign(passport.UserPassport{Audience: passport.AudienceAdmission, UserID: user, Namespace: namespace, CorrelationID: "c",
		Object: passport.Object{Kind: "K", Namespace: namespace, Name: "n"}, IssuedAt: now.Unix()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// sealWorld is two tenants' namespaces with some of everything.
func sealWorld(t *testing.T) *sealAPI {
	good, lost := testKeys(t, "k2"), testKeys(t, "k0")
	old := testKeys(t, "k1")
	keys, err := good.With(passport.Key{ID: "k1", Secret: old.Keys()[0].Secret, State: passport.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	alices := func(k *passport.Keyring) string { return sealedBy(t, k, "local:alice", aliceHome) }
	a := &sealAPI{t: t, keys: keys, platform: true}
	a.objects = map[string][]*metav1.PartialObjectMetadata{
		"configmaps": {
			partial(aliceHome, "kube-root-ca.crt", "", ""), partial(aliceHome, "sealed", alices(good), ""), partial(aliceHome, "plain", "", ""),
			partial("kube-system", "not-a-tenants", "", ""), partial(bobHome, "strayed", alices(good), ""), partial(bobHome, "torn", "v1.k2.x", ""),
		},
		"serviceaccounts":      {partial(aliceHome, "default", "", ""), partial(bobHome, "robot", "", "")},
		"events":               {partial(aliceHome, "event", "", "")},
		"pods":                 {partial(aliceHome, "web-1-x", "", "ReplicaSet/web-1")},
		"deployments.apps":     {partial(aliceHome, "web", "", ""), partial(aliceHome, "revoked", alices(old), ""), partial(bobHome, "lost", sealedBy(t, lost, "local:bob", bobHome), "")},
		"replicasets.apps":     {partial(aliceHome, "web-1", "", "Deployment/web")},
		"cronjobs.batch":       {partial(aliceHome, "guard", sealedBy(t, old, "platform:system:admin", aliceHome), "")},
		"usages.gatehouse.dev": {partial(aliceHome, "current", "", "")},
	}
	return a
}

func TestSealGolden(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*sealAPI)
		args   []string
		code   int
	}{
		"list":           {nil, []string{"--all-namespaces", "--list"}, 0},
		"list-json":      {nil, []string{"--all-namespaces", "--list", "-o", "json"}, 0},
		"all":            {nil, []string{"-A"}, 0},
		"dry-run":        {nil, []string{"--dry-run"}, 0},
		"one-kind":       {nil, []string{"-n", bobHome, "deployments"}, 0},
		"named":          {nil, []string{"replicaset/web-1", "cronjobs.batch/guard", "ConfigMap/sealed", "configmaps/gone"}, 1},
		"by-key":         {nil, []string{"--key", "k2", "configmap"}, 0},
		"keys-hidden":    {func(a *sealAPI) { a.hidden = true }, []string{"-A", "--list", "--key", "k1"}, 0},
		"as-a-member":    {func(a *sealAPI) { a.hidden = true }, []string{"--list"}, 0},
		"refused":        {func(a *sealAPI) { a.refuse = map[string]string{"web": "denied by b/c: \x1b[2J\ntwo lines"} }, nil, 1},
		"not-a-platform": {func(a *sealAPI) { a.platform = false }, []string{"deployments"}, 1},
		"unlistable":     {func(a *sealAPI) { a.broken = "jobs.batch" }, []string{"--list"}, 1},
		"nothing":        {func(a *sealAPI) { a.objects = nil }, []string{"-A"}, 0},
		"no-tenants":     {nil, []string{"-n", "kube-system"}, 1},
		"help":           {nil, []string{"--help"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := sealWorld(t)
			if tc.change != nil {
				tc.change(a)
			}
			serve(t, a)
			got := run(t, "", append([]string{"seal"}, tc.args...)...)
			if got.code != tc.code {
				t.Errorf("exit %d, want %d", got.code, tc.code)
			}
			got.golden(t, "seal/"+name)
			if slices.Contains(tc.args, "--list") && len(a.patches) > 0 {
				t.Errorf("--list wrote %q", a.patches)
			}
		})
	}
}

// What is sealed once is not found again, and a dry run leaves all as it was.
func TestSealLeavesNothing(t *testing.T) {
	a := sealWorld(t)
	serve(t, a)
	summary := func(args ...string) []namespaceSummary {
		t.Helper()
		got := run(t, "", append([]string{"seal", "-A", "-o", "json"}, args...)...)
		var answer struct{ Namespaces []namespaceSummary }
		if err := json.Unmarshal([]byte(got.out), &answer); err != nil || got.code != 0 {
			t.Fatalf("exit %d: %v: %s%s", got.code, err, got.out, got.errout)
		}
		return answer.Namespaces
	}
	tries := []namespaceSummary{
		{Namespace: aliceHome, Objects: 9, Unsealed: 6, Sealed: 3, Left: 3},
		{Namespace: bobHome, Objects: 4, Unsealed: 4, Sealed: 4},
	}
	left := []namespaceSummary{
		{Namespace: aliceHome, Objects: 9, Unsealed: 3, Left: 3},
		{Namespace: bobHome, Objects: 4},
	}
	for i, step := range []struct {
		args []string
		want []namespaceSummary
	}{{[]string{"--dry-run"}, tries}, {nil, tries}, {nil, left}} {
		if diff := cmp.Diff(step.want, summary(step.args...)); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	if n := len(a.patches); n != 14 {
		t.Errorf("%d patches, want 7 dry and 7 real: %q", n, a.patches)
	}
	for _, p := range a.patches[:7] {
		if !strings.HasSuffix(p, "?All") {
			t.Errorf("a dry run wrote %s", p)
		}
	}
}

func TestSealReadsPages(t *testing.T) {
	a := sealWorld(t)
	serve(t, a)
	for i := range 5 {
		a.objects["jobs.batch"] = append(a.objects["jobs.batch"], partial(aliceHome, fmt.Sprint("job-", i), "", ""))
	}
	got := run(t, "", "seal", "-A", "jobs")
	if got.code != 0 || strings.Count(got.out, "sealed") != 5 {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
	if diff := cmp.Diff([]string{"jobs.batch?limit=500", "jobs.batch?limit=500", "jobs.batch?limit=500"}, a.lists); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}

func TestSealMisuse(t *testing.T) {
	serve(t, sealWorld(t))
	for name, args := range map[string][]string{
		"two ways to say where":   {"-A", "-n", aliceHome},
		"two ways to do nothing":  {"--list", "--dry-run"},
		"a name without a place":  {"-A", "deployment/web"},
		"no key's id":             {"--key", "K1"},
		"no kind":                 {"/web"},
		"no name":                 {"deployments/"},
		"more than a name":        {"deployments/web/status"},
		"never sealed":            {"events"},
		"cluster-scoped":          {"namespaces"},
		"an unknown way to print": {"-o", "yaml"},
	} {
		if got := run(t, "", append([]string{"seal"}, args...)...); got.code != 2 {
			t.Errorf("%s: exit %d: %s%s", name, got.code, got.out, got.errout)
		}
	}
}
