package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/pkg/engine/taint"
	"gatehouse.dev/gatehouse/policies"
)

// Over the built-in policies and their examples: whatever is put in place of texts that
// were replaced, a rule that looked at none of them says the same.
func TestBuiltInPoliciesUnderMarkers(t *testing.T) {
	ctx := context.Background()
	program, err := engine.Compile(ctx, engine.Options{Policies: policies.FS, Unoptimized: true})
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, info := range program.Rules() {
		rules = append(rules, info.Rule)
	}
	cases, err := policytest.Cases(policies.FS, rules...)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(7, 7))
	random.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	if testing.Short() {
		cases = cases[:min(len(cases), 20)]
	}
	looked, determinate := 0, 0
	for _, c := range cases[:min(len(cases), 80)] {
		// The more texts are replaced, the more rules look at one.
		texts := textsOf(c.Input)
		for _, part := range []float64{0.05, 0.5} {
			chosen := map[string]string{}
			for _, text := range texts {
				if random.Float64() < part {
					chosen[text] = fmt.Sprintf("%s%032x", taint.Prefix, len(chosen))
				}
			}
			marked := alone(t, program, replaced(t, c.Input, chosen))
			real := map[string]string{}
			taken := map[string]bool{}
			for _, text := range slices.Sorted(maps.Keys(chosen)) {
				// Another text of the same review, or one of its own; never twice.
				other := texts[random.IntN(len(texts))]
				if taken[other] || random.IntN(3) == 0 {
					other = fmt.Sprintf("t%d", random.Int())
				}
				taken[other] = true
				real[text] = other
			}
			truth := alone(t, program, replaced(t, c.Input, real))
			for rule, a := range marked {
				if a.Look != "" {
					looked++
					continue
				}
				determinate++
				if diff := cmp.Diff(told(truth[rule], nil), told(a, swap(chosen, real))); diff != "" {
					t.Errorf("%s looked at nothing in %s, and yet (-really +marked):\n%s\nreplaced: %v", rule, c.File, diff, real)
				}
			}
		}
	}
	t.Logf("%d answers of rules that looked at nothing, %d that did", determinate, looked)
	if determinate < looked/20 || determinate == 0 {
		t.Error("nearly everything counts as looked at")
	}
}

// textsOf lists the different texts of a review's contents; what says which policies are
// asked is none.
func textsOf(input map[string]any) []string {
	found := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		case string:
			if v != "" {
				found[v] = true
			}
		}
	}
	for name, part := range contentsOf(input) {
		if name != "kind" && name != "operation" {
			walk(part)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// contentsOf flattens the request into its review.
func contentsOf(input map[string]any) map[string]any {
	out := maps.Clone(input)
	if request, ok := input["request"].(map[string]any); ok {
		delete(out, "request")
		maps.Copy(out, request)
	}
	return out
}

// replaced puts other texts in place of some, all but in what says which policies are
// asked.
func replaced(t *testing.T, input map[string]any, by map[string]string) map[string]any {
	t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for name, item := range v {
				v[name] = walk(item)
			}
		case []any:
			for i, item := range v {
				v[i] = walk(item)
			}
		case string:
			if other, ok := by[v]; ok {
				return other
			}
		}
		return v
	}
	request, _ := out["request"].(map[string]any)
	kind, operation := request["kind"], request["operation"]
	delete(request, "kind")
	delete(request, "operation")
	walk(out)
	request["kind"], request["operation"] = kind, operation
	return out
}

func alone(t *testing.T, program *engine.Program, input map[string]any) map[string]engine.Alone {
	t.Helper()
	value, err := policytest.Value(input)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := program.Alone(context.Background(), value, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]engine.Alone{}
	for _, a := range answers {
		out[a.Rule] = a
	}
	return out
}

// swap maps markers to what really stood there.
func swap(chosen, real map[string]string) map[string]string {
	out := map[string]string{}
	for text, marker := range chosen {
		out[marker] = real[text]
	}
	return out
}

func told(a engine.Alone, markers map[string]string) []string {
	var lines []string
	for _, list := range [][]engine.Finding{a.Result.Denials, a.Result.Warnings, a.Result.Audited} {
		for _, f := range list {
			msg := f.Msg
			for marker, text := range markers {
				msg = strings.ReplaceAll(msg, marker, text)
			}
			lines = append(lines, msg)
		}
	}
	for _, d := range a.Result.Demands {
		lines = append(lines, d.Amount.String()+" of "+d.Dimension)
	}
	if a.Err != nil {
		lines = append(lines, "error")
	}
	slices.Sort(lines)
	return lines
}
