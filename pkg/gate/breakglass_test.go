package gate_test

import (
	"slices"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

// TestBreakGlass: whatever stands against it, the write goes through and says so; the
// same write of the same person outside the group does not.
func TestBreakGlass(t *testing.T) {
	const group = "local:break-glass"
	tests := map[string]struct {
		call    call
		prepare func(*world)
		audited string
	}{
		"nothing against it": {call: note("local:zoe", review.Create, doc{"metadata": meta("n")}, nil)},
		"a deletion":         {call: note("local:zoe", review.Delete, nil, doc{"metadata": meta("n")})},
		"facts too old": {
			call:    note("local:zoe", review.Create, doc{"metadata": meta("n")}, nil),
			prepare: func(w *world) { w.gate.MaxFactAge = -1 },
			audited: "gatehouse/retry",
		},
		"no tenant": {
			call:    note("local:zoe", review.Create, doc{"metadata": meta("n")}, nil),
			prepare: func(w *world) { w.rebuilt(func(o *facts.Objects) { o.Tenants = nil }) },
		},
		"an unreadable object": {
			call:    note("local:zoe", review.Create, doc{"metadata": "none"}, nil),
			audited: "identity/",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.gate.Callers.BreakGlassGroups = []string{group}
			if test.prepare != nil {
				test.prepare(w)
			}
			c := test.call
			c.groups = []string{"gatehouse:users"}
			if v, _ := w.write(c); v.Outcome == review.Allowed || v.Trace.BreakGlass {
				t.Errorf("without the group: %s, marked %t", v.Outcome, v.Trace.BreakGlass)
			}
			c.groups = []string{"gatehouse:users", group}
			v, _ := w.write(c)
			w.allowed(v)
			if !v.Trace.BreakGlass || !slices.ContainsFunc(v.Warnings, func(s string) bool { return strings.HasPrefix(s, "break-glass: ") }) {
				t.Errorf("not marked: %+v, warnings %q", v.Trace, v.Warnings)
			}
			if test.audited != "" && !slices.ContainsFunc(v.Trace.Audited, func(s string) bool { return strings.HasPrefix(s, test.audited) }) {
				t.Errorf("audited %q, want %s", v.Trace.Audited, test.audited)
			}
		})
	}
}

// TestBreakGlassIsNoTenantAccounts: no group makes an account of a tenant more than that.
func TestBreakGlassIsNoTenantAccounts(t *testing.T) {
	w := newWorld(t)
	w.gate.Callers.BreakGlassGroups = []string{"system:serviceaccounts"}
	c := note("system:serviceaccount:claude-runner-user-bob:default", review.Create, doc{"metadata": meta("n")}, nil)
	c.groups = []string{"system:serviceaccounts", "system:serviceaccounts:claude-runner-user-bob"}
	v, _ := w.write(c)
	w.denied(v, "isolation/tenant-membership")
}
