package engine

import (
	"context"
	"strings"
	"testing"
)

// TestNegations: what is refused is undefined without its argument, and what is let
// through does what it reads like.
func TestNegations(t *testing.T) {
	tests := map[string]struct {
		body    string
		refused string
	}{
		"call":             {`deny contains "no" if not is_string(input.caller.role)`, "input.caller.role"},
		"membership":       {`deny contains "no" if not input.caller.role in {"x"}`, "input.caller.role"},
		"comparison":       {`deny contains "no" if not count(input.caller.role) > 0`, "input.caller.role"},
		"nested equality":  {`deny contains "no" if not count(input.caller.role) == 1`, "input.caller.role"},
		"inequality":       {`deny contains "no" if not input.caller.role != "x"`, "input.caller.role"},
		"part of a value":  {"deny contains \"no\" if {\n\tsome x in [input.caller]\n\tnot startswith(x.role, \"a\")\n}", "x.role"},
		"own function":     {"deny contains \"no\" if not f(input.caller.role)\n\nf(x) if x == 1", "input.caller.role"},
		"partial rule":     {"deny contains \"no\" if not is_string(role)\n\nrole := input.caller.role", "role"},
		"inside every":     {"deny contains \"no\" if {\n\tevery x in [1] {\n\t\tnot is_string(input.caller.role)\n\t\tx == 1\n\t}\n}", "input.caller.role"},
		"in comprehension": {`deny contains "no" if count([1 | not is_string(input.caller.role)]) == 1`, "input.caller.role"},
		"reference":        {body: `deny contains "no" if not input.caller.role`},
		"equality":         {body: `deny contains "no" if not input.caller.role == "x"`},
		"rule":             {body: "deny contains \"no\" if not fine\n\nfine if is_string(input.caller.role)"},
		"defaulted rule":   {body: "deny contains \"no\" if not is_string(role)\n\ndefault role := 7\n\nrole := input.caller.role"},
		"constant":         {body: "deny contains \"no\" if not \"x\" in roles\n\nroles := [\"y\"]"},
		"set":              {body: "deny contains \"no\" if not \"x\" in roles\n\nroles contains input.caller.role"},
		"over a closure":   {body: `deny contains "no" if not count([x | some x in input.expansion.pods]) > 0`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files := set(t, map[string]string{"a/b": "package a.b\n\n" + tt.body + "\n"})
			p, err := Compile(context.Background(), Options{Policies: files, NoCanary: true})
			if tt.refused != "" {
				want := "not over a call with " + tt.refused + " is undefined"
				if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "a/b/rule.rego:") {
					t.Errorf("got %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			result, err := decided(t, p, write(t, "", "Pod", "CREATE"))
			if err != nil || len(result.Denials) != 1 {
				t.Errorf("without a caller: got %v, %v, want one denial", result.Denials, err)
			}
		})
	}
}
