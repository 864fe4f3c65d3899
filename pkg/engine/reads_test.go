package engine

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// TestReads: whatever way a module looks at its input, what it may see is said to be read.
func TestReads(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rule                                 string
		passport, tier, request, uid, object bool
	}{
		"nothing":            {rule: `x := 1`},
		"one field":          {rule: `x := input.tier`, tier: true},
		"below a field":      {rule: `x := input.passport.user_id`, passport: true},
		"a part":             {rule: `x := input.request.uid`, request: true, uid: true},
		"below a part":       {rule: `x := input.request.object.metadata.name`, request: true, object: true},
		"by brackets":        {rule: `x := input["request"]["uid"]`, request: true, uid: true},
		"every part":         {rule: `x contains v if some v in input.request`, request: true, uid: true, object: true},
		"a whole field":      {rule: `x := y.uid if y := input.request`, request: true, uid: true, object: true},
		"computed part":      {rule: `x := input.request[input.tier]`, tier: true, request: true, uid: true, object: true},
		"computed field":     {rule: `x := input[y] if some y in ["tier"]`, passport: true, tier: true, request: true, uid: true, object: true},
		"whole input":        {rule: `x := y.tier if y := input`, passport: true, tier: true, request: true, uid: true, object: true},
		"as an operand":      {rule: `x := object.get(input, ["passport"], 1)`, passport: true, tier: true, request: true, uid: true, object: true},
		"in a function":      {rule: "f(y) := y.tier\n\nx := f(input)", passport: true, tier: true, request: true, uid: true, object: true},
		"in a call":          {rule: `x := count(input.passport)`, passport: true},
		"in a key":           {rule: `x := data.p.y[input.request.uid]` + "\n\ny := {}", request: true, uid: true},
		"in a comprehension": {rule: `x := [1 | input.passport]`, passport: true},
		"in a negation":      {rule: `x if not input.request.uid`, request: true, uid: true},
		"in every":           {rule: `x if every y in [1] { y == input.tier }`, tier: true},
		"in a head":          {rule: `x[input.tier] := input.request.uid`, tier: true, request: true, uid: true},
		"in an else":         {rule: "x := 1 if false\n\nelse := input.tier", tier: true},
		"in a default":       {rule: "default x := 1\n\nx := 2 if input.passport", passport: true},
		"in a replacement":   {rule: "y := input.tier\n\nx := z if z := y with input.tier as input.passport", passport: true, tier: true},
		"the whole replaced": {rule: "y := input.tier\n\nx := z if z := y with input as {}", passport: true, tier: true, request: true, uid: true, object: true},
		"in a template":      {rule: `x := $"{input.tier}"`, tier: true},
		"walked":             {rule: `x contains p if walk(input, [p, _])`, passport: true, tier: true, request: true, uid: true, object: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compiler, err := ast.CompileModules(map[string]string{"p.rego": "package p\n\n" + test.rule + "\n"})
			if err != nil {
				t.Fatal(err)
			}
			p := &Program{reads: readsOf(compiler.Modules)}
			check := func(want bool, field string, part ...string) {
				if got := p.Reads(field, part...); got != want {
					t.Errorf("reads %s %v: %v, want %v", field, part, got, want)
				}
			}
			check(test.passport, "passport")
			check(test.tier, "tier")
			check(test.request, "request")
			check(test.uid, "request", "uid")
			check(test.object, "request", "object")
		})
	}
}
