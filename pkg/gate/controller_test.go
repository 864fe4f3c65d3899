package gate_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/review"
)

const kubeSystem = "system:serviceaccount:kube-system:"

func deployment(name string, replicas int) call {
	return call{group: "apps", kind: "Deployment", resource: "deployments",
		object: doc{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name), "spec": doc{"replicas": replicas, "template": doc{"spec": podSpec()}}}}
}

func podSpec() doc {
	return doc{"containers": []any{doc{"name": "c", "image": "registry.k8s.io/pause"}}}
}

func replicaSet(as string, owner doc) call {
	return call{as: as, op: review.Create, group: "apps", kind: "ReplicaSet", resource: "replicasets",
		object: doc{"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta("web-1", owner), "spec": doc{"template": doc{"spec": podSpec()}}}}
}

func podOf(as string, owner doc) call {
	return call{as: as, op: review.Create, kind: "Pod", resource: "pods",
		object: doc{"apiVersion": "v1", "kind": "Pod", "metadata": meta("web-1-x", owner), "spec": podSpec()}}
}

// Both credential modes of the controller-manager.
func identities(account string) []string {
	return []string{kubeSystem + account, "system:kube-controller-manager"}
}

func TestPodCarriesItsAuthorThroughTwoControllers(t *testing.T) {
	for i, rs := range identities("deployment-controller") {
		w := newWorld(t)
		web := w.make(deployment("web", 2))
		v, set := w.write(replicaSet(rs, ownedBy("apps/v1", "Deployment", "web", "uid-web")))
		w.allowed(v)
		if annotation(set, keyPassport) != annotation(web, keyPassport) || annotation(set, keyCorrelation) != annotation(web, keyCorrelation) {
			t.Errorf("the ReplicaSet does not carry its Deployment's passport to the byte")
		}
		w.file("ReplicaSet", set)
		v, pod := w.write(podOf(identities("replicaset-controller")[i], ownedBy("apps/v1", "ReplicaSet", "web-1", "uid-web-1")))
		w.allowed(v)
		if got := w.author(pod); got != "local:alice" {
			t.Errorf("the Pod's author is %q", got)
		}
		if v.Trace.Author != "local:alice" || v.Trace.Actor == "local:alice" {
			t.Errorf("trace %+v must name alice as author and the controller as actor", v.Trace)
		}
	}
}

// TestAPodsOwnClaimIsItsAuthors: under the account that all controllers may share, it looks
// like a StatefulSet's claim, which is nobody's.
func TestAPodsOwnClaimIsItsAuthors(t *testing.T) {
	claim := func(as, name string, owner doc) call {
		return call{as: as, op: review.Create, kind: "PersistentVolumeClaim", resource: "persistentvolumeclaims",
			object: doc{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name, owner),
				"spec": doc{"accessModes": []any{"ReadWriteOnce"}, "storageClassName": "standard", "resources": doc{"requests": doc{"storage": "1Mi"}}}}}
	}
	for i, as := range identities("ephemeral-volume-controller") {
		w := newWorld(t)
		w.make(call{kind: "Pod", resource: "pods", object: doc{"apiVersion": "v1", "kind": "Pod", "metadata": meta("web"), "spec": podSpec()}})
		v, own := w.write(claim(as, "web-scratch", ownedBy("v1", "Pod", "web", "uid-web")))
		w.allowed(v)
		if got := w.author(own); got != "local:alice" {
			t.Errorf("%s: the author of a Pod's claim is %q", as, got)
		}
		v, sets := w.write(claim(identities("statefulset-controller")[i], "data-db-0", nil))
		w.allowed(v)
		if wire := annotation(sets, keyPassport); wire != "" {
			t.Errorf("%s: a StatefulSet's claim carries a passport", as)
		}
	}
}

func TestForgedOwnersAreWorthNothing(t *testing.T) {
	w := newWorld(t)
	w.make(deployment("web", 2))
	controller := kubeSystem + "replicaset-controller"
	for name, owner := range map[string]doc{
		"dangling":      ownedBy("apps/v1", "ReplicaSet", "gone", "uid-gone"),
		"wrong uid":     ownedBy("apps/v1", "Deployment", "web", "uid-other"),
		"no owner":      {},
		"two owners":    {"ownerReferences": []any{ownedBy("apps/v1", "Deployment", "web", "uid-web")["ownerReferences"].([]any)[0], ownedBy("apps/v1", "Deployment", "web", "uid-web")["ownerReferences"].([]any)[0]}},
		"controller no": {"ownerReferences": []any{doc{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-web"}}},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := w.write(podOf(controller, owner))
			w.denied(v, "identity/no-owner")
		})
	}
	v, _ := w.write(podOf(controller, ownedBy("apps/v1", "Deployment", "web", "uid-web")))
	w.allowed(v)
}

func TestInheritedPassportMustBeGoodAndOfThisNamespace(t *testing.T) {
	w := newWorld(t)
	web := w.make(deployment("web", 2))
	bob := w.make(call{as: "local:bob", groups: []string{"gatehouse:users"}, namespace: "claude-runner-user-bob",
		kind: "ConfigMap", resource: "configmaps", object: doc{"metadata": doc{"name": "note", "uid": "uid-note"}}})
	good := annotation(web, keyPassport)
	for name, c := range map[string]struct{ wire, rule string }{
		"one bit flipped":     {flipped(t, good), "identity/passport-bad-signature"},
		"another namespace's": {annotation(bob, keyPassport), "identity/passport-wrong-object"},
		"nonsense":            {"v1.k1.x", "identity/passport-malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			owner := w.sample.Objects["Deployment "+aliceNS+"/web"]
			owner.Annotations = map[string]string{keyPassport: c.wire}
			w.sample.Objects["Deployment "+aliceNS+"/web"] = owner
			v, _ := w.write(podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web")))
			w.denied(v, c.rule)
		})
	}
}

// flipped changes one bit of a passport's signature and keeps its form.
func flipped(t *testing.T, wire string) string {
	t.Helper()
	at := strings.LastIndexByte(wire, '.') + 1
	mac, err := base64.RawURLEncoding.DecodeString(wire[at:])
	if err != nil {
		t.Fatal(err)
	}
	mac[7] ^= 1
	return wire[:at] + base64.RawURLEncoding.EncodeToString(mac)
}

func TestControllersChangeOnlyWhatTheirRowsSay(t *testing.T) {
	w := newWorld(t)
	web := w.make(deployment("web", 2))
	change := func(field string, value any) doc {
		d := w.apply(web, []review.Patch{{Op: "add", Path: field, Value: value}})
		return d
	}
	scheduler := "system:kube-scheduler"
	for _, c := range []struct {
		name string
		call call
		rule string // "" = allowed
	}{
		{"hpa scales", call{as: kubeSystem + "horizontal-pod-autoscaler", op: review.Update, group: "apps", kind: "Scale", resource: "deployments", sub: "scale",
			object: doc{"metadata": meta("web"), "spec": doc{"replicas": 5}}, old: doc{"metadata": meta("web"), "spec": doc{"replicas": 2}}}, ""},
		{"hpa renames", call{as: kubeSystem + "horizontal-pod-autoscaler", op: review.Update, group: "apps", kind: "Scale", resource: "deployments", sub: "scale",
			object: doc{"metadata": meta("web", doc{"labels": doc{"a": "b"}}), "spec": doc{"replicas": 5}}, old: doc{"metadata": meta("web"), "spec": doc{"replicas": 2}}}, "identity/controller-fields"},
		{"gc removes an owner", call{as: kubeSystem + "generic-garbage-collector", op: review.Update, group: "apps", kind: "Deployment", resource: "deployments",
			object: change("/metadata/finalizers", []any{"x"}), old: web}, ""},
		{"gc changes the image", call{as: kubeSystem + "generic-garbage-collector", op: review.Update, group: "apps", kind: "Deployment", resource: "deployments",
			object: change("/spec/replicas", 9), old: web}, "identity/controller-fields"},
		{"scheduler binds", call{as: scheduler, op: review.Create, kind: "Binding", resource: "pods", sub: "binding", object: doc{"metadata": meta("p"), "target": doc{"name": "node-1"}}}, ""},
		{"scheduler makes a pod", call{as: scheduler, op: review.Create, kind: "Pod", resource: "pods", object: doc{"metadata": meta("p"), "spec": podSpec()}}, "identity/controller-not-registered"},
		{"root ca", call{as: kubeSystem + "root-ca-cert-publisher", op: review.Create, kind: "ConfigMap", resource: "configmaps", object: doc{"metadata": meta("kube-root-ca.crt")}}, ""},
		{"root ca of another name", call{as: kubeSystem + "root-ca-cert-publisher", op: review.Create, kind: "ConfigMap", resource: "configmaps", object: doc{"metadata": meta("settings")}}, "identity/controller-not-registered"},
		{"event", call{as: kubeSystem + "job-controller", op: review.Create, kind: "Event", resource: "events", object: doc{"metadata": meta("e")}}, ""},
		{"unknown account of kube-system", call{as: kubeSystem + "coredns", op: review.Create, kind: "Pod", resource: "pods", object: doc{"metadata": meta("p")}}, "identity/unknown-caller"},
		{"a node makes a pod", call{as: "system:node:n1", groups: []string{"system:nodes"}, op: review.Create, kind: "Pod", resource: "pods", object: doc{"metadata": meta("p")}}, "identity/node"},
		{"nobody", call{as: "", op: review.Create, kind: "Pod", resource: "pods", object: doc{"metadata": meta("p")}}, "identity/unknown-caller"},
		{"anonymous", call{as: "system:anonymous", op: review.Delete, kind: "Pod", resource: "pods", old: doc{"metadata": meta("p")}}, "identity/unknown-caller"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, _ := w.write(c.call)
			if c.rule == "" {
				w.allowed(v)
			} else {
				w.denied(v, c.rule)
			}
		})
	}
}

func TestBindingCarriesNoPassport(t *testing.T) {
	w := newWorld(t)
	c := call{as: "system:kube-scheduler", op: review.Create, kind: "Binding", resource: "pods", sub: "binding",
		object: doc{"metadata": meta("p", doc{"annotations": doc{keyPassport: "v1.k1.x.y"}})}}
	w.denied(w.gate.Handle(t.Context(), w.request(c, review.Validating)), "identity/passport-changed")
	v, stored := w.write(c)
	w.allowed(v)
	if annotation(stored, keyPassport) != "" {
		t.Error("mutating left a planted passport on a Binding")
	}
}
