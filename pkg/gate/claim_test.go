package gate_test

import (
	"maps"
	"testing"

	"gatehouse.dev/gatehouse/pkg/review"
)

// TestAClaimGrows: a claim that grows asks for what it is to have then, and one that is not
// allowed to leaves what it has; alice may have 100Gi.
func TestAClaimGrows(t *testing.T) {
	w := newWorld(t)
	claim := func(op review.Operation, name, size string, old doc) call {
		object := doc{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name), "spec": doc{
			"accessModes": []any{"ReadWriteOnce"}, "resources": doc{"requests": doc{"storage": size}}}}
		if old != nil {
			object["metadata"] = maps.Clone(old["metadata"].(doc))
		}
		return call{as: "local:alice", groups: []string{"gatehouse:users"}, op: op, kind: "PersistentVolumeClaim", resource: "persistentvolumeclaims", object: object, old: old}
	}
	v, stored := w.write(claim(review.Create, "data", "60Gi", nil))
	w.allowed(v)
	stored["metadata"].(doc)["resourceVersion"] = "7"
	v, grown := w.write(claim(review.Update, "data", "90Gi", stored))
	w.allowed(v)
	v, _ = w.write(claim(review.Create, "more", "11Gi", nil))
	w.denied(v, "quota/storage")
	v, _ = w.write(claim(review.Update, "data", "101Gi", grown))
	w.denied(v, "quota/storage")
	v, _ = w.write(claim(review.Create, "more", "10Gi", nil))
	w.allowed(v)
	// What does not grow asks nobody, though nothing is left.
	v, _ = w.write(claim(review.Update, "data", "90Gi", grown))
	w.allowed(v)
}
