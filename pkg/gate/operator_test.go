package gate_test

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// TestAnOperatorsPodsAreItsOwners: a registered operator makes Pods for alice's custom
// resource, as alice; what it is not registered for it may not do, and an operator of
// which nobody knows does nothing.
func TestAnOperatorsPodsAreItsOwners(t *testing.T) {
	const operator = "system:serviceaccount:widgets:operator"
	w := newWorld(t)
	w.gate.Callers.Controllers.Rules = append(w.gate.Callers.Controllers.Rules, tenant.ControllerRule{
		Identity: operator, Resource: "pods", Operations: []review.Operation{review.Create}, Mode: tenant.ModeInherit,
	})
	widget := w.make(call{group: "example.com", kind: "Widget", resource: "widgets",
		object: doc{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": meta("wheel"), "spec": doc{}}})
	owner := ownedBy("example.com/v1", "Widget", "wheel", "uid-wheel")

	v, pod := w.write(podOf(operator, owner))
	w.allowed(v)
	if w.author(pod) != "local:alice" || annotation(pod, keyPassport) != annotation(widget, keyPassport) {
		t.Errorf("the Pod's author is %q, want the Widget's passport to the byte", w.author(pod))
	}
	v, _ = w.write(podOf(operator, ownedBy("example.com/v1", "Widget", "wheel", "uid-forged")))
	w.denied(v, "identity/no-owner")
	v, _ = w.write(podOf(operator, doc{}))
	w.denied(v, "identity/no-owner")
	v, _ = w.write(note(operator, review.Create, doc{"metadata": meta("n")}, nil))
	w.denied(v, "identity/controller-not-registered")
	v, _ = w.write(podOf("system:serviceaccount:widgets:other", owner))
	w.denied(v, "identity/unknown-caller")
}
