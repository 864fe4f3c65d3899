package gate_test

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/review"
)

// Whoever watches is told of what the policies were asked, once a decision, with what
// was decided; and may not disturb it.
func TestAsked(t *testing.T) {
	w := newWorld(t)
	var told []gate.Asked
	w.gate.Asked = func(a gate.Asked) { told = append(told, a) }
	object := doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": doc{"name": "notes", "namespace": aliceNS}}
	c := call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, kind: "ConfigMap", resource: "configmaps", object: object}
	if v, _ := w.write(c); v.Outcome != review.Allowed {
		t.Fatal(v.Message())
	}
	if len(told) != 1 {
		t.Fatalf("told %d times, want once", len(told))
	}
	name, err := told[0].Input.Find(ast.MustParseRef("input.request.object.metadata.name")[1:])
	if err != nil || name.Compare(ast.String("notes")) != 0 || told[0].Verdict.Outcome != review.Allowed || told[0].Request.Namespace != aliceNS || told[0].Time.IsZero() {
		t.Errorf("told %+v, %v", told[0], err)
	}

	c.as = "local:bob"
	v, _ := w.write(c)
	if v.Outcome != review.Denied || len(told) != 2 || told[1].Verdict.Outcome != review.Denied || len(told[1].Result.Denials) == 0 {
		t.Errorf("bob's write: %s, told %d times", v.Outcome, len(told))
	}

	panicked := false
	w.gate.Panicked = func(any, []byte) { panicked = true }
	w.gate.Asked = func(gate.Asked) { panic("watching") }
	c.as = "local:alice"
	if v, _ := w.write(c); v.Outcome != review.Allowed || !panicked {
		t.Errorf("who watches changed the answer: %s, panic told %v", v.Outcome, panicked)
	}
}
