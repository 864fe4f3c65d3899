package gate_test

import (
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/review"
)

const looks = `# METADATA
# title: Tells what it sees
# description: Denies every ConfigMap, with a part of the input.
# custom:
#   match:
#     groups: [""]
#     kinds: [ConfigMap]
#     operations: [CREATE]
package looks.at

deny contains sprintf("sees %v", [SEEN])
`

// TestInputHoldsWhatIsRead: what is made only where a policy reads it is there for one that does,
// and there all the same for whoever keeps inputs for other policies.
func TestInputHoldsWhatIsRead(t *testing.T) {
	object := doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("c")}
	create := call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, kind: "ConfigMap", resource: "configmaps", object: object}
	for seen, want := range map[string]string{
		"input.passport.user_id":           "local:alice",
		"input.passport.role":              "member",
		"input.request.userInfo.username":  "local:alice",
		"input.request.userInfo.groups[0]": "gatehouse:users",
	} {
		t.Run(seen, func(t *testing.T) {
			w := newWorld(t)
			program := withPolicy(t, "looks/at", strings.ReplaceAll(looks, "SEEN", seen))
			w.gate.Program = func() *engine.Program { return program }
			v, _ := w.write(create)
			w.denied(v, "looks/at")
			if !strings.Contains(v.Message(), "sees "+want) {
				t.Errorf("it does not see %s: %s", want, v.Message())
			}
		})
	}
	w := newWorld(t)
	var kept gate.Asked
	w.gate.Asked = func(a gate.Asked) { kept = a }
	v, _ := w.write(create)
	w.allowed(v)
	for _, part := range []string{`"user_id": "local:alice"`, `"username": "local:alice"`} {
		if !strings.Contains(kept.Input.String(), part) {
			t.Errorf("what is kept does not hold %s: %s", part, kept.Input)
		}
	}
}
