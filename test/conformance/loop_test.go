//go:build !race

package conformance

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/policies"
)

// loops is a policy whose author did not think of a ConfigMap with a thousand keys: it goes
// through a billion triples then.
const loops = `# METADATA
# title: Triples are looked at
# description: For measuring.
# custom:
#   match:
#     groups: [""]
#     kinds: [ConfigMap]
#     operations: [CREATE]
package slow.triples

deny contains "never" if {
	some a in input.request.object.data
	some b in input.request.object.data
	some c in input.request.object.data
	a != b
	b != c
	c == "never"
}
`

// TestLoopDisturbsNobody has one tenant send, over eight connections, what makes a policy
// loop until its time is over: each is answered with a denial, and the others' decisions take
// about as long as before. The figure is printed; five times the promise fails.
func TestLoopDisturbsNobody(t *testing.T) {
	program, err := engine.Compile(t.Context(), engine.Options{Policies: policies.FS, Timeout: 2 * time.Second,
		More: []engine.Origin{{Name: "slow", Files: fstest.MapFS{"slow/triples/rule.rego": {Data: []byte(loops)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for rule, why := range program.Unplanned() {
		t.Errorf("%s: %v", rule, why)
	}
	handler, _, _ := webhook(t, func(_ *Sample, g *gate.Gate) { g.Program = func() *engine.Program { return program } })
	honest := creation(t, handler, pod("small", "A", "b"))[1]
	calm := creation(t, handler, configMap("calm", "x"))[1]
	var keys bytes.Buffer
	for i := range 1000 {
		_, _ = fmt.Fprintf(&keys, `"k%d":"%d",`, i, i)
	}
	endless := Body{Path: calm.Path, Raw: bytes.Replace(calm.Raw, []byte(`"data":{`), append([]byte(`"data":{`), keys.Bytes()...), 1)}

	var answered atomic.Int64
	what := disturbed(t, handler, honest, 8, func() bool {
		w := answer(handler, endless)
		answered.Add(1)
		if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"allowed":false`)) || !bytes.Contains(w.Body.Bytes(), []byte("a policy could not be evaluated")) {
			t.Errorf("the loop was answered %d %s", w.Code, w.Body)
			return false
		}
		return true
	})
	t.Logf("%s while eight reviews loop at every moment (%d were answered)", what, answered.Load())
}

// quantile of n honest decisions, one after the other.
func quantile(t testing.TB, handler http.Handler, b Body, n int, q float64) time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		send(t, handler, b)
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[int(q*float64(n))]
}
