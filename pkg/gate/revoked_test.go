package gate_test

import (
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// revoke puts another key in the place of the one that signed so far.
func (w *world) revoke() {
	w.t.Helper()
	old := w.keys.Active()
	ring, err := w.keys.With(passport.Key{ID: "k2", State: passport.Pending, Secret: []byte(strings.Repeat("successor ", 4))})
	if err == nil {
		ring, err = ring.Activate("k2")
	}
	if err == nil {
		ring, err = ring.Revoke(old)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.keys = ring
	w.gate.Keys = func() *passport.Keyring { return ring }
}

// scaled is an object with another number of replicas and nothing else changed.
func scaled(d doc, replicas int) doc {
	spec := doc{}
	for k, v := range d["spec"].(doc) {
		spec[k] = v
	}
	spec["replicas"] = replicas
	out := doc{}
	for k, v := range d {
		out[k] = v
	}
	out["spec"] = spec
	return out
}

// tree is a Deployment and its ReplicaSet, both with two replicas.
func tree(w *world) (web, set doc) {
	w.t.Helper()
	web = w.make(deployment("web", 2))
	c := replicaSet(kubeSystem+"deployment-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web"))
	c.object["spec"].(doc)["replicas"] = 2
	v, set := w.write(c)
	w.allowed(v)
	w.file("ReplicaSet", set)
	return web, set
}

func updateOf(c call, as string, object, old doc) call {
	c.as, c.op, c.object, c.old = as, review.Update, object, old
	if strings.HasPrefix(as, "local:") {
		c.groups = []string{"gatehouse:users"}
	}
	return c
}

func TestUnderARevokedKeyNothingIsMade(t *testing.T) {
	const rule = "identity/passport-revoked-key"
	for i, deployments := range identities("deployment-controller") {
		w := newWorld(t)
		web, set := tree(w)
		pod := podOf(identities("replicaset-controller")[i], ownedBy("apps/v1", "ReplicaSet", "web-1", "uid-web-1"))
		v, _ := w.write(pod)
		w.allowed(v) // positive control
		w.revoke()

		v, _ = w.write(pod)
		w.denied(v, rule)
		v, _ = w.write(updateOf(replicaSet("", nil), deployments, scaled(set, 3), set))
		w.denied(v, rule)

		// What takes away goes on, and the object keeps the passport that it has.
		v, down := w.write(updateOf(replicaSet("", nil), deployments, scaled(set, 1), set))
		w.allowed(v)
		if annotation(down, keyPassport) != annotation(set, keyPassport) {
			t.Error("scaling down changed the passport")
		}
		planted := scaled(set, 1)
		planted["metadata"] = meta("web-1", ownedBy("apps/v1", "Deployment", "web", "uid-web"), doc{"annotations": doc{keyPassport: "v1.k2.x.y"}})
		v, down = w.write(updateOf(replicaSet("", nil), deployments, planted, set))
		w.allowed(v)
		if annotation(down, keyPassport) != annotation(set, keyPassport) {
			t.Error("a passport came in under cover of scaling down")
		}
		status := updateOf(replicaSet("", nil), deployments, set, set)
		status.sub = "status"
		v, _ = w.write(status)
		w.allowed(v)
		scale := call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Update, group: "autoscaling", kind: "Scale", resource: "deployments", sub: "scale",
			object: doc{"metadata": meta("web"), "spec": doc{"replicas": 1}}, old: doc{"metadata": meta("web"), "spec": doc{"replicas": 2}}}
		v, _ = w.write(scale)
		w.allowed(v)
		remove := deployment("web", 2)
		remove.as, remove.groups, remove.op, remove.object, remove.old = "local:alice", []string{"gatehouse:users"}, review.Delete, nil, web
		v, _ = w.write(remove)
		w.allowed(v)
	}
}

func TestWritingTheOwnerAgainRevivesIt(t *testing.T) {
	admin := []string{"system:masters"}
	for name, again := range map[string]func(*world, doc) call{
		"alice changes it": func(_ *world, web doc) call {
			return updateOf(deployment("web", 2), "local:alice", scaled(web, 3), web)
		},
		"the platform seals it": func(_ *world, web doc) call {
			marked := scaled(web, 2)
			marked["metadata"] = meta("web", doc{"annotations": doc{keyPassport: annotation(web, keyPassport), keyCorrelation: annotation(web, keyCorrelation), "gatehouse.dev/seal": "tenant"}})
			c := updateOf(deployment("web", 2), "kubernetes-admin", marked, web)
			c.groups = admin
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			web, set := tree(w)
			w.revoke()
			v, fresh := w.write(again(w, web))
			w.allowed(v)
			if got := w.author(fresh); got != "local:alice" {
				t.Errorf("author %q", got)
			}
			w.file("Deployment", fresh)
			v, set = w.write(updateOf(replicaSet("", nil), kubeSystem+"deployment-controller", withSeals(scaled(set, 3), fresh), set))
			w.allowed(v)
			if annotation(set, keyPassport) != annotation(fresh, keyPassport) {
				t.Error("the ReplicaSet was not brought to its Deployment's passport")
			}
			w.file("ReplicaSet", set)
			v, _ = w.write(podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "ReplicaSet", "web-1", "uid-web-1")))
			w.allowed(v)
		})
	}
	t.Run("a write that changes nothing does not", func(t *testing.T) {
		w := newWorld(t)
		web, _ := tree(w)
		w.revoke()
		v, same := w.write(updateOf(deployment("web", 2), "local:alice", web, web))
		w.allowed(v)
		if annotation(same, keyPassport) != annotation(web, keyPassport) {
			t.Error("a no-op was sealed anew")
		}
	})
}

// withSeals is an object with the annotations of another, as the deployment controller
// copies them.
func withSeals(d, from doc) doc {
	metadata := doc{}
	for k, v := range d["metadata"].(doc) {
		metadata[k] = v
	}
	metadata["annotations"] = doc{keyPassport: annotation(from, keyPassport), keyCorrelation: annotation(from, keyCorrelation)}
	out := doc{}
	for k, v := range d {
		out[k] = v
	}
	out["metadata"] = metadata
	return out
}

func TestNoActiveKeyMakesOnlyMintingWait(t *testing.T) {
	w := newWorld(t)
	web, _ := tree(w)
	ring, err := w.keys.Revoke(w.keys.Active())
	if err != nil {
		t.Fatal(err)
	}
	w.gate.Keys = func() *passport.Keyring { return ring }
	if v, _ := w.write(updateOf(deployment("web", 2), "local:alice", scaled(web, 3), web)); v.Outcome != review.Retry {
		t.Errorf("a change without a signing key: %s %s", v.Outcome, v.Message())
	}
	remove := deployment("web", 2)
	remove.as, remove.groups, remove.op, remove.object, remove.old = "local:alice", []string{"gatehouse:users"}, review.Delete, nil, web
	v, _ := w.write(remove)
	w.allowed(v)
	if v.Trace.Relation != string(tenant.RelationOwner) {
		t.Errorf("relation %q", v.Trace.Relation)
	}
}
