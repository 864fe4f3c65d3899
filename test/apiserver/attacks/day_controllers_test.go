package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// working is how long the controllers may take for one thing.
const working = 2 * time.Minute

// controllers lets alice's and bob's workloads run: the controllers make their Pods, roll
// them out, scale them, end them and clean up.
func (d *day) controllers(ctx context.Context) {
	GinkgoHelper()
	for _, tenant := range []string{"alice", "bob"} {
		a := actor{tenant, tenant, true}
		for _, object := range d.running() {
			d.do(ctx, a.as, text(object, "kind"), "create", attempt{method: http.MethodPost, path: d.pathOf(object, a.namespace()), body: object})
		}
		web := d.collection("apps/v1", "Deployment", a.namespace()) + "/day-web"
		d.until(ctx, web, "the autoscaler's least is available", func(o map[string]any) bool { return number(o, "status", "availableReplicas") == 2 })
		image := json.RawMessage(`{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"registry.k8s.io/pause:3.10"}]}}}}`)
		d.do(ctx, a.as, "Deployment", "strategic merge patch", attempt{method: http.MethodPatch, path: web, kind: "application/strategic-merge-patch+json", body: image})
		d.until(ctx, web, "rolled out", func(o map[string]any) bool {
			return number(o, "status", "updatedReplicas") == 2 && number(o, "status", "availableReplicas") == 2 && number(o, "status", "replicas") == 2
		})
		d.until(ctx, d.collection("batch/v1", "Job", a.namespace())+"/day-once", "done", func(o map[string]any) bool { return number(o, "status", "succeeded") == 1 })
		d.until(ctx, d.collection("v1", "PersistentVolumeClaim", a.namespace())+"/data-day-db-0", "claimed", func(map[string]any) bool { return true })
		d.until(ctx, d.collection("v1", "Endpoints", a.namespace())+"/day-web", "filled", func(o map[string]any) bool { return o["subsets"] != nil })
		pod := d.podOf(ctx, a.namespace(), "day-web")
		d.lookInto(ctx, a, pod)
		eviction := map[string]any{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": map[string]any{"name": pod, "namespace": a.namespace()}}
		d.do(ctx, "admin", "Eviction", "create", attempt{method: http.MethodPost, path: d.collection("v1", "Pod", a.namespace()) + "/" + pod + "/eviction", body: eviction})
	}
	if every {
		// The next full minute has to come first.
		d.until(ctx, d.collection("batch/v1", "CronJob", homeNS)+"/day-tick", "ticked", func(o map[string]any) bool { return text(o, "status", "lastScheduleTime") != "" })
	}
}

// running are the workloads of the day that have Pods; the rest of the day's never do.
func (d *day) running() []map[string]any {
	GinkgoHelper()
	pod := clone(d.bases["pod"])
	unset(pod, "/spec/nodeSelector")
	with := func(object map[string]any, name string, sets map[string]any) map[string]any {
		Expect(set(object, "/metadata/name", name)).To(Succeed())
		for _, at := range sorted(sets) {
			Expect(set(object, at, sets[at])).To(Succeed())
		}
		return object
	}
	// app selects its Pods by its name.
	app := func(kind, name string, sets map[string]any) map[string]any {
		object := with(workload(kind, pod), name, map[string]any{"/spec/selector/matchLabels/app": name, "/spec/template/metadata/labels/app": name})
		return with(object, name, sets)
	}
	claim := map[string]any{"metadata": map[string]any{"name": "data"}, "spec": clone(d.bases["claim"])["spec"]}
	return []map[string]any{
		app("Deployment", "day-web", map[string]any{"/spec/replicas": 1}),
		with(clone(d.bases["service"]), "day-web", map[string]any{"/spec/selector/app": "day-web"}),
		with(clone(d.bases["hpa"]), "day-web", map[string]any{"/spec/minReplicas": 2, "/spec/scaleTargetRef/name": "day-web"}),
		with(clone(d.bases["pdb"]), "day-web", map[string]any{"/spec/selector/matchLabels/app": "day-web"}),
		app("StatefulSet", "day-db", map[string]any{"/spec/replicas": 1, "/spec/volumeClaimTemplates": []any{claim}}),
		app("DaemonSet", "day-each", map[string]any{"/spec/template/spec/nodeSelector": map[string]any{"kubernetes.io/hostname": "node-0"}}),
		with(workload("Job", pod), "day-once", map[string]any{"/spec/suspend": false}),
		with(workload("CronJob", pod), "day-tick", map[string]any{"/spec/suspend": false, "/spec/schedule": "* * * * *"}),
	}
}

// until waits for an object to be as it should.
func (d *day) until(ctx context.Context, path, what string, good func(map[string]any) bool) {
	GinkgoHelper()
	var last map[string]any
	Eventually(func() bool {
		last = d.read(ctx, path)
		return last != nil && good(last)
	}).WithContext(ctx).WithTimeout(working).WithPolling(100*time.Millisecond).Should(BeTrue(), "%s is not %s: %v", path, what, last["status"])
}

func number(object map[string]any, path ...string) int {
	var at any = object
	for _, key := range path {
		m, _ := at.(map[string]any)
		at = m[key]
	}
	f, _ := at.(float64)
	return int(f)
}

// podOf is a Pod of an application.
func (d *day) podOf(ctx context.Context, namespace, app string) string {
	GinkgoHelper()
	list := d.read(ctx, d.collection("v1", "Pod", namespace)+"?labelSelector=app%3D"+app)
	items, _ := list["items"].([]any)
	Expect(items).NotTo(BeEmpty(), "Pods of %s", app)
	first, _ := items[0].(map[string]any)
	return text(first, "metadata", "name")
}

// lookInto connects to a Pod. No kubelet answers on a simulated node: what counts is that
// nobody forbids it.
func (d *day) lookInto(ctx context.Context, a actor, pod string) {
	GinkgoHelper()
	path := d.collection("v1", "Pod", a.namespace()) + "/" + pod
	for kind, connection := range map[string]string{"PodExecOptions": "/exec?command=true&stdout=true", "PodPortForwardOptions": "/portforward"} {
		said := d.send(ctx, a.as, attempt{method: http.MethodPost, path: path + connection})
		d.lock.Lock()
		d.counts[[2]string{kind, "connect"}]++
		if said.code == http.StatusForbidden {
			d.wrong = append(d.wrong, fmt.Sprintf("%s as %s: %s", path+connection, a.as, said.said))
		}
		d.lock.Unlock()
	}
}

// end removes what ran, and waits until the garbage collector has followed.
func (d *day) end(ctx context.Context) {
	GinkgoHelper()
	for _, tenant := range []string{"alice", "bob"} {
		a := actor{tenant, tenant, true}
		for _, object := range d.running() {
			d.do(ctx, a.as, text(object, "kind"), "delete", attempt{method: http.MethodDelete, path: d.pathOf(object, a.namespace()) + "/" + text(object, "metadata", "name"), body: map[string]any{"propagationPolicy": "Background"}})
		}
		claim := d.collection("v1", "PersistentVolumeClaim", a.namespace()) + "/data-day-db-0"
		d.do(ctx, a.as, "PersistentVolumeClaim", "delete", attempt{method: http.MethodDelete, path: claim})
		for _, app := range []string{"day-web", "day-db", "day-each"} {
			Eventually(func() any {
				return d.read(ctx, d.collection("v1", "Pod", a.namespace())+"?labelSelector=app%3D"+app)["items"]
			}).WithContext(ctx).WithTimeout(working).WithPolling(100*time.Millisecond).Should(BeEmpty(), "Pods of %s are left", app)
		}
	}
}
