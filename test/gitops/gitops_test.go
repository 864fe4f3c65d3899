package gitops

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

const part = "app.kubernetes.io/part-of"

// fromGit is the application with Argo CD's tracking on it.
func fromGit(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile("testdata/shop.yaml")
	must(t, err)
	var out []*unstructured.Unstructured
	for _, text := range strings.Split(string(data), "\n---\n") {
		object := &unstructured.Unstructured{}
		must(t, yaml.Unmarshal([]byte(text), &object.Object))
		object.SetNamespace(namespace)
		gk := object.GroupVersionKind().GroupKind()
		object.SetAnnotations(map[string]string{
			"argocd.argoproj.io/tracking-id": fmt.Sprintf("shop:%s/%s:%s/%s", gk.Group, gk.Kind, namespace, object.GetName()),
		})
		out = append(out, object)
	}
	return out
}

// syncs are the ways in which Argo CD writes.
var syncs = map[string][]string{
	"client-side apply": {"apply", "--field-manager=" + manager, "-f", "-"},
	"server-side apply": {"apply", "--server-side", "--force-conflicts", "--field-manager=" + manager, "-f", "-"},
}

func (i *identity) sync(t *testing.T, args []string, objects ...*unstructured.Unstructured) {
	t.Helper()
	if out, err := i.program(t.Context(), "kubectl", manifest(t, objects...), args...); err != nil {
		t.Fatalf("sync: %v\n%s", err, out)
	}
}

// remove deletes the application and waits until it is gone.
func (c *cluster) remove(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	out, err := c.person(t, "admin").program(t.Context(), "kubectl", manifest(t, objects...), "delete", "--ignore-not-found", "--timeout=2m", "-f", "-")
	if err != nil {
		t.Fatalf("delete: %v\n%s", err, out)
	}
}

// inSync fails where Argo CD would show the application as out of sync.
func (i *identity) inSync(t *testing.T, when string, declared []*unstructured.Unstructured) {
	t.Helper()
	for n, live := range i.live(t, declared...) {
		object := declared[n]
		for way, options := range i.ways(t) {
			if d := differs(t, object, live, options); d != "" {
				t.Errorf("%s: %s diff of %s %s (-live +Git):\n%s", when, way, object.GetKind(), object.GetName(), d)
			}
		}
	}
}

// TestSync: what Argo CD applied as the tenant's deployer it finds as it declared it, in
// every way that it syncs and compares; a second sync writes nothing.
func TestSync(t *testing.T) {
	c := running(t)
	deployer := c.account(t, namespace, "deployer", "")
	for _, how := range slices.Sorted(maps.Keys(syncs)) {
		t.Run(how, func(t *testing.T) {
			declared, apply := fromGit(t), syncs[how]
			defer c.remove(t, declared)
			deployer.sync(t, apply, declared...)
			deployer.inSync(t, "after the first sync", declared)
			c.atWork(t, deployer)
			deployer.inSync(t, "after the controllers' work", declared)
			c.sealed(t, deployer, declared)

			before := deployer.live(t, declared...)
			deployer.sync(t, apply, declared...)
			for n, now := range deployer.live(t, declared...) {
				if versionOf(now) == versionOf(before[n]) {
					continue
				}
				rest := before[n].DeepCopy()
				rest.SetResourceVersion(now.GetResourceVersion())
				if versionOf(now) != versionOf(rest) || !c.movesByItself(t, declared[n], apply) {
					t.Errorf("a second sync of %s (-before +now):\n%s", now.GetKind(), cmp.Diff(before[n].Object, now.Object))
				}
			}
			deployer.inSync(t, "after the second sync", declared)
			c.drifts(t, deployer, declared, apply)
		})
	}
}

func versionOf(o *unstructured.Unstructured) string {
	return fmt.Sprintf("resourceVersion %s, generation %d, passport %s", o.GetResourceVersion(), o.GetGeneration(), o.GetAnnotations()["gatehouse.dev/passport"])
}

// movesByItself is the control of a second sync: whether Kubernetes alone, in a namespace
// that Gatehouse does not see, gives the object a new resourceVersion at its second apply.
// Of a claim it does.
func (c *cluster) movesByItself(t *testing.T, object *unstructured.Unstructured, apply []string) bool {
	t.Helper()
	elsewhere := object.DeepCopy()
	elsewhere.SetNamespace("default")
	defer c.remove(t, []*unstructured.Unstructured{elsewhere})
	admin := c.person(t, "admin")
	var seen [2]string
	for n := range seen {
		admin.sync(t, apply, elsewhere)
		live, err := admin.in(t, elsewhere).Get(t.Context(), object.GetName(), metav1.GetOptions{})
		must(t, err)
		seen[n] = live.GetResourceVersion()
	}
	return seen[0] != seen[1]
}

// atWork waits until the controllers have done what there is to do.
func (c *cluster) atWork(t *testing.T, as *identity) {
	t.Helper()
	apps, batch := c.kube.AppsV1(), c.kube.BatchV1()
	missing := "nothing"
	for bound := time.Now().Add(2 * time.Minute); time.Now().Before(bound); time.Sleep(50 * time.Millisecond) {
		deployment, err := apps.Deployments(namespace).Get(t.Context(), "shop", metav1.GetOptions{})
		must(t, err)
		set, err := apps.StatefulSets(namespace).Get(t.Context(), "shop-cart", metav1.GetOptions{})
		must(t, err)
		job, err := batch.Jobs(namespace).Get(t.Context(), "shop-migrate", metav1.GetOptions{})
		must(t, err)
		missing = fmt.Sprintf("Deployment %d available, StatefulSet %d current, Job %d succeeded", deployment.Status.AvailableReplicas, set.Status.CurrentReplicas, job.Status.Succeeded)
		if deployment.Status.AvailableReplicas > 0 && set.Status.CurrentReplicas > 0 && job.Status.Succeeded > 0 {
			return
		}
	}
	t.Fatalf("the controllers of %s are not done: %s", as.kubeconfig, missing)
}

// sealed verifies every passport: alice's, made by her deployer.
func (c *cluster) sealed(t *testing.T, as *identity, declared []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range declared {
		live, err := as.in(t, object).Get(t.Context(), object.GetName(), metav1.GetOptions{})
		must(t, err)
		out, err := c.person(t, "admin").program(t.Context(), "gatehouse", manifest(t, live), "passport", "verify", "-o", "json", "-f", "-")
		if err != nil {
			t.Fatalf("%s: %v\n%s", object.GetKind(), err, out)
		}
		if !strings.Contains(out, `"local:alice"`) || !strings.Contains(out, `"deployer"`) {
			t.Errorf("%s is not alice's by her deployer: %s", object.GetKind(), out)
		}
	}
}

// drifts changes by hand what Git declares: every way of comparing sees it, and the next
// sync puts it right.
func (c *cluster) drifts(t *testing.T, as *identity, declared []*unstructured.Unstructured, apply []string) {
	t.Helper()
	alice := c.person(t, "alice")
	byHand, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{part: "nobody"}}})
	must(t, err)
	for _, object := range declared {
		_, err := alice.in(t, object).Patch(t.Context(), object.GetName(), types.MergePatchType, byHand, metav1.PatchOptions{FieldManager: "by-hand"})
		must(t, err)
	}
	for n, live := range as.live(t, declared...) {
		object := declared[n]
		for way, options := range as.ways(t) {
			if d := differs(t, object, live, options); !strings.Contains(d, "nobody") {
				t.Errorf("%s diff of %s does not see a label changed by hand, but %q", way, object.GetKind(), d)
			}
		}
	}
	as.sync(t, apply, declared...)
	as.inSync(t, "after drift was put right", declared)
	c.sealed(t, as, declared)
}
