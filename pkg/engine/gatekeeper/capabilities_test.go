package gatekeeper

import (
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// TestEveryBuiltin wants a decision about every built-in that this OPA has, and none
// about others.
func TestEveryBuiltin(t *testing.T) {
	known := map[string]bool{}
	for _, b := range ast.Builtins {
		known[b.Name] = true
		in, why := slices.Contains(allowed, b.Name), whyRefused(b.Name)
		if _, outright := refused[b.Name]; in && outright {
			t.Errorf("%s is allowed and refused", b.Name)
		}
		if !in && why == "" {
			t.Errorf("%s is neither allowed nor refused with a reason", b.Name)
		}
	}
	for _, name := range allowed {
		if !known[name] {
			t.Errorf("%s is allowed and OPA has no such built-in", name)
		}
	}
	for name := range refused {
		if !known[name] && name != "external_data" {
			t.Errorf("%s is refused and OPA has no such built-in", name)
		}
	}
	if len(capabilities().Builtins) != len(allowed) {
		t.Errorf("%d built-ins in the capabilities, %d in the list", len(capabilities().Builtins), len(allowed))
	}
}

// TestNothingReachesOut holds the list against what must never be on it, whatever
// reason somebody gives.
func TestNothingReachesOut(t *testing.T) {
	for _, name := range []string{"http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn", "uuid.rfc4122", "bits.lsh", "graph.reachable_paths",
		"json.match_schema", "providers.aws.sign_req", "io.jwt.encode_sign", "rego.parse_module"} {
		if slices.Contains(allowed, name) {
			t.Errorf("%s is allowed", name)
		}
	}
}
