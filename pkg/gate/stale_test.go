package gate_test

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/review"
)

// A controller whose copy is old gets its conflict, not a denial that blames it for what
// others changed meanwhile; validating lets nothing of it pass.
func TestStaleUpdateIsLeftToTheConflict(t *testing.T) {
	w := newWorld(t)
	w.make(deployment("web", 2))
	owned := ownedBy("apps/v1", "Deployment", "web", "uid-web")
	update := func(version string) call {
		c := replicaSet(kubeSystem+"deployment-controller", nil)
		c.op = review.Update
		set := func(version string, ready, replicas int) doc {
			d := replicaSet("", owned).object
			if version != "" {
				d["metadata"].(doc)["resourceVersion"] = version
			}
			d["status"], d["spec"].(doc)["replicas"] = doc{"readyReplicas": ready}, replicas
			return d
		}
		c.object, c.old = set(version, 1, 0), set("7", 2, 1)
		return c
	}
	for version, stale := range map[string]bool{"6": true, "8": true, "7": false, "": false, "0": false, "00": false, "x": false, "-6": false} {
		c := update(version)
		v := w.gate.Handle(t.Context(), w.request(c, review.Mutating))
		if stale {
			w.allowed(v)
			if len(v.Patches) > 0 {
				t.Errorf("version %q: patches %v", version, v.Patches)
			}
		} else {
			w.denied(v, "identity/controller-fields")
		}
		w.denied(w.gate.Handle(t.Context(), w.request(c, review.Validating)), "identity/controller-fields")
	}
}
