package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func header(match, parameters string) string {
	return "# METADATA\n# title: T\n# description: D\n# custom:\n#   match: " + match + "\n#   parameters: " + parameters + "\n"
}

func TestMatching(t *testing.T) {
	rule := func(name, match string) string {
		return header(match, "{}") + "package a." + name + "\n\ndeny contains \"" + name + "\"\n"
	}
	p := compiled(t, map[string]string{
		"a/all":  rule("all", `{groups: ["*"], kinds: ["*"], operations: ["*"]}`),
		"a/pods": rule("pods", `{groups: [""], kinds: [Pod], operations: [CREATE, UPDATE]}`),
		"a/jobs": rule("jobs", `{groups: [batch], kinds: [Job, CronJob], operations: [CREATE]}`),
		"a/gone": rule("gone", `{groups: ["*"], kinds: [Pod], operations: [DELETE]}`),
		"a/off":  rule("off", `{groups: ["*"], kinds: ["*"], operations: ["*"]}`),
	}, func(o *Options) {
		o.Enforcement = map[string]v1alpha1.Enforcement{"a/off": v1alpha1.EnforcementOff}
	})
	tests := []struct {
		group, kind, operation string
		want                   []string
	}{
		{"", "Pod", "CREATE", []string{"all", "pods"}},
		{"", "Pod", "UPDATE", []string{"all", "pods"}},
		{"", "Pod", "DELETE", []string{"all", "gone"}},
		{"", "Pod", "CONNECT", []string{"all"}},
		{"other", "Pod", "DELETE", []string{"all", "gone"}},
		{"batch", "Job", "CREATE", []string{"all", "jobs"}},
		{"batch", "CronJob", "CREATE", []string{"all", "jobs"}},
		{"batch", "Pod", "CREATE", []string{"all"}},
		{"", "Job", "CREATE", []string{"all"}},
		{"", "pod", "CREATE", []string{"all"}},
		{"*", "*", "CREATE", []string{"all"}},
		{unmentioned, unmentioned, "CREATE", []string{"all"}},
	}
	for _, tt := range tests {
		result, err := decided(t, p, write(t, tt.group, tt.kind, tt.operation))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range result.Denials {
			got = append(got, f.Msg)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s/%s %s (-want +got):\n%s", tt.group, tt.kind, tt.operation, diff)
		}
	}
	if !p.Matches("x", "Y", "CREATE") || !p.Matches("x", "Y", "MISSPELLED") || p.Mutates("x", "Y", "CREATE") {
		t.Error("Matches or Mutates is wrong")
	}
}

func TestNothingMatches(t *testing.T) {
	p := compiled(t, map[string]string{"a/b": header(`{groups: [""], kinds: [Pod], operations: [CREATE]}`, "{}") +
		"package a.b\n\ndeny contains \"no\"\n"})
	result, err := decided(t, p, write(t, "", "Secret", "CREATE"))
	if err != nil || !cmp.Equal(result, Result{}) {
		t.Errorf("got %v, %v", result, err)
	}
	if p.Matches("", "Secret", "CREATE") {
		t.Error("Matches what no policy looks at")
	}
}

// TestOddInput wants an error, never an empty result, for what is no review.
func TestOddInput(t *testing.T) {
	p := compiled(t, map[string]string{"a/b": "package a.b\n\ndeny contains \"no\"\n"})
	for name, text := range map[string]string{
		"null":             `null`,
		"list":             `[]`,
		"empty":            `{}`,
		"no kind":          `{"request": {"operation": "CREATE"}}`,
		"no group":         `{"request": {"kind": {"kind": "Pod"}, "operation": "CREATE"}}`,
		"empty kind":       `{"request": {"kind": {"group": "", "kind": ""}, "operation": "CREATE"}}`,
		"kind of a number": `{"request": {"kind": {"group": "", "kind": 7}, "operation": "CREATE"}}`,
		"no operation":     `{"request": {"kind": {"group": "", "kind": "Pod"}}}`,
		"empty operation":  `{"request": {"kind": {"group": "", "kind": "Pod"}, "operation": ""}}`,
		"other operation":  `{"request": {"kind": {"group": "", "kind": "Pod"}, "operation": "create"}}`,
		"null operation":   `{"request": {"kind": {"group": "", "kind": "Pod"}, "operation": null}}`,
	} {
		input, err := Value([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Eval(context.Background(), input, nil); !errors.Is(err, ErrShape) {
			t.Errorf("%s: Eval gave %v", name, err)
		}
		if _, err := p.Mutate(context.Background(), input, nil); !errors.Is(err, ErrShape) {
			t.Errorf("%s: Mutate gave %v", name, err)
		}
	}
	if _, err := p.Eval(context.Background(), nil, nil); !errors.Is(err, ErrShape) {
		t.Errorf("nil: %v", err)
	}
}

// TestEvaluationFails wants an error that names the place, where plain Rego would say
// undefined and so allow.
func TestEvaluationFails(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"built-in":          {"deny contains \"no\" if count(input.request.object) > 0", "a/b/rule.rego:8"},
		"division":          {"deny contains \"no\" if 1 / input.request.object == 1", "divide by zero"},
		"conflict":          {"deny contains v\n\nv := x if some x in [1, 2]", "a/b/rule.rego:10: eval_conflict_error: rule data.a.b.v produced conflicting values"},
		"function conflict": {"deny contains f(1)\n\nf(_) := x if some x in [1, 2]", "a/b/rule.rego:10: eval_conflict_error: function data.a.b.f"},
		"demand twice":      {"demand[\"sessions\"] := x if some x in [1, 2]", "a/b/rule.rego:8: eval_conflict_error: rule data.a.b.demand.sessions"},
		"in a library":      {"deny contains \"no\" if data.lib.x.f(input.request.object)", "lib/x.rego:3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := compiled(t, map[string]string{
				"a/b":        "package a.b\n\n" + tt.body + "\n",
				"lib/x.rego": "package lib.x\n\nf(v) if to_number(v) == 1\n",
			})
			input := write(t, "", "Pod", "CREATE")
			input.(ast.Object).Get(ast.StringTerm("request")).Value.(ast.Object).Insert(ast.StringTerm("object"), ast.IntNumberTerm(0))
			if name == "in a library" {
				input.(ast.Object).Get(ast.StringTerm("request")).Value.(ast.Object).Insert(ast.StringTerm("object"), ast.StringTerm("x"))
			}
			result, err := decided(t, p, input)
			if err == nil {
				t.Fatalf("decided %v", result)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	rule := header(`{groups: ["*"], kinds: ["*"], operations: ["*"]}`, `{names: [x], most: 3}`) + `package a.b

import input.parameters.most as limit

deny contains sprintf("%s of %d", [name, limit]) if some name in input.parameters.names

deny contains "many" if {
	every n in input.parameters.names {
		n != "x"
	}
}
`
	tests := map[string]struct {
		given map[string]any
		want  []string
	}{
		"defaults": {nil, []string{"x of 3"}},
		"given":    {map[string]any{"names": []string{"y", "z"}, "most": 5}, []string{"many", "y of 5", "z of 5"}},
		"empty":    {map[string]any{"names": []string{}}, []string{"many"}},
	}
	for name, tt := range tests {
		p := compiled(t, map[string]string{"a/b": rule}, func(o *Options) {
			o.Parameters = map[string]map[string]any{"a/b": tt.given}
		})
		// What the input itself says under that name counts for nothing.
		result, err := decided(t, p, write(t, "", "Pod", "CREATE", map[string]any{"parameters": map[string]any{"names": []any{"forged"}, "most": 0}}))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range result.Denials {
			got = append(got, f.Msg)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// facts is a Snapshot.
type facts struct{ ast.Value }

func (f facts) Document() ast.Value { return f.Value }

func TestSnapshot(t *testing.T) {
	p := compiled(t, map[string]string{"a/b": `package a.b

deny contains sprintf("%v", [data.facts.hosts[host]]) if some host in ["here", "there"]

deny contains "none" if not data.facts.hosts
`})
	document, err := Value([]byte(`{"hosts": {"here": "alice"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data Snapshot
		want string
	}{
		"given": {facts{document}, "alice"},
		"nil":   {nil, "none"},
		"empty": {facts{ast.NewObject()}, "none"},
		"null":  {facts{nil}, "none"},
	} {
		v, err := p.Eval(context.Background(), write(t, "", "Pod", "CREATE"), tt.data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		result, err := Decode(v)
		if err != nil || len(result.Denials) != 1 || result.Denials[0].Msg != tt.want {
			t.Errorf("%s: got %v, %v, want %q", name, result.Denials, err, tt.want)
		}
	}
}

// TestConcurrentUse shares program, input and facts; it proves something under -race.
func TestConcurrentUse(t *testing.T) {
	p := compiled(t, map[string]string{
		"a/b": "package a.b\n\ndeny contains input.caller.role if regex.match(\"^x\", input.caller.role)\n",
		"a/c": "package a.c\n\ndemand[\"sessions\"] := count(data.facts)\n",
	})
	input := write(t, "", "Pod", "CREATE", map[string]any{"caller": map[string]any{"role": "xyz"}})
	document, err := Value([]byte(`{"b": 1, "a": 2, "c": 3}`))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 50 {
				v, err := p.Eval(context.Background(), input, facts{document})
				if err != nil {
					t.Error(err)
					return
				}
				result, err := Decode(v)
				if err != nil || len(result.Denials) != 1 || len(result.Demands) != 1 || result.Demands[0].Amount.Value() != 3 {
					t.Errorf("got %v, %v", result, err)
				}
			}
		})
	}
	group.Wait()
}

func TestDigest(t *testing.T) {
	one := map[string]string{"a/b": header(`{groups: ["*"], kinds: ["*"], operations: ["*"]}`, "{x: 1}") + "package a.b\n\ndeny contains \"no\" if input.parameters.x == 1\n"}
	base := compiled(t, one).Digest()
	if again := compiled(t, one).Digest(); again != base {
		t.Error("the same set has two digests")
	}
	if !strings.HasPrefix(base, "sha256:") || len(base) != len("sha256:")+64 {
		t.Errorf("digest %q", base)
	}
	for name, p := range map[string]*Program{
		"parameters":  compiled(t, one, func(o *Options) { o.Parameters = map[string]map[string]any{"a/b": {"x": 2}} }),
		"enforcement": compiled(t, one, func(o *Options) { o.Enforcement = map[string]v1alpha1.Enforcement{"a/b": "warn"} }),
		"source":      compiled(t, map[string]string{"a/b": one["a/b"] + "\n"}),
		"library":     compiled(t, map[string]string{"a/b": one["a/b"], "lib/x.rego": "package lib.x\n\ny := 1\n"}),
	} {
		if p.Digest() == base {
			t.Errorf("other %s, same digest", name)
		}
	}
}
