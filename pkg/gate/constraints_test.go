package gate_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/policies"
)

// reviewer gives one answer about every template and constraint.
type reviewer struct {
	refers bool
	err    error
}

func (r reviewer) ReviewConstraint(context.Context, map[string]any) (bool, error) {
	return r.refers, r.err
}

// TestTemplatesAndConstraintsAreReviewed holds who may store which, and what she is told.
func TestTemplatesAndConstraintsAreReviewed(t *testing.T) {
	w := newWorld(t)
	leaving := doc{"metadata": meta("x", doc{"deletionTimestamp": "2026-01-01T00:00:00Z"})}
	broken := gatekeeper.Problems{{Object: "K/x", Field: "spec", Text: "one"}, {Object: "K/x", Text: "two"}}
	empty, err := gatekeeper.NewInventory(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		as, sub   string
		groups    []string
		object    doc
		reviewer  reviewer
		inventory *gatekeeper.Inventory
		outcome   review.Outcome
		want      string
	}{
		"good":                       {"admin", "", []string{"system:masters"}, nil, reviewer{}, nil, review.Allowed, ""},
		"bad":                        {"admin", "", []string{"system:masters"}, nil, reviewer{err: broken}, nil, review.Denied, "denied by policy/invalid: K/x: spec: one"},
		"every problem":              {"admin", "", []string{"system:masters"}, nil, reviewer{err: broken}, nil, review.Denied, "denied by policy/invalid: K/x: two"},
		"bad, on its way out":        {"admin", "", []string{"system:masters"}, leaving, reviewer{err: broken}, nil, review.Allowed, ""},
		"bad, but a status":          {"admin", "status", []string{"system:masters"}, nil, reviewer{err: broken}, nil, review.Allowed, ""},
		"not known here yet":         {"admin", "", []string{"system:masters"}, nil, reviewer{err: errors.Join(gatekeeper.ErrUnknownTemplate)}, nil, review.Retry, ""},
		"looks up what is not kept":  {"admin", "", []string{"system:masters"}, nil, reviewer{refers: true}, nil, review.Denied, "denied by policy/no-inventory"},
		"looks up what is kept":      {"admin", "", []string{"system:masters"}, nil, reviewer{refers: true}, empty, review.Allowed, ""},
		"a person's":                 {"local:carol", "", []string{"gatehouse:users"}, nil, reviewer{}, nil, review.Denied, "denied by identity/platform-object"},
		"a person's own constraints": {"local:alice", "", []string{"gatehouse:users"}, nil, reviewer{}, nil, review.Denied, "denied by identity/platform-object"},
	} {
		for _, kind := range [][3]string{{"templates.gatekeeper.sh", "ConstraintTemplate", "constrainttemplates"}, {"constraints.gatekeeper.sh", "NeedsLabels", "needslabels"}} {
			w.gate.Constraints, w.gate.Inventory = tt.reviewer, nil
			if tt.inventory != nil {
				w.gate.Inventory = func() *gatekeeper.Inventory { return tt.inventory }
			}
			object := tt.object
			if object == nil {
				object = doc{"metadata": meta("x")}
			}
			v := w.gate.Handle(t.Context(), w.request(call{as: tt.as, groups: tt.groups, op: review.Update, group: kind[0], kind: kind[1], resource: kind[2], sub: tt.sub,
				object: object, old: object, entry: review.EntryPlatform}, review.Validating))
			if v.Outcome != tt.outcome || tt.outcome == review.Denied && !strings.Contains(v.Message(), tt.want) {
				t.Errorf("%s, %s: %s %s, want %s %s", name, kind[1], v.Outcome, v.Message(), tt.outcome, tt.want)
			}
		}
	}
}

// TestConstraintsDecide asks one that looks other objects up beside all built-in rules.
func TestConstraintsDecide(t *testing.T) {
	docs, err := gatekeeper.Decode("twin.yaml", []byte(`
{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate, metadata: {name: notwin}, spec: {crd: {spec: {names: {kind: NoTwin}}}, targets: [{target: admission.k8s.gatekeeper.sh,
  rego: "package notwin\n\nviolation[{\"msg\": msg}] {\n  data.inventory.namespace[ns].v1.ConfigMap[name]\n  name == input.review.name\n  msg := sprintf(\"%v is in %v too\", [name, ns])\n}"}]}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: NoTwin, metadata: {name: config}, spec: {match: {kinds: [{apiGroups: [""], kinds: [ConfigMap]}], namespaceSelector: {matchLabels: {gatehouse.dev/tenant: alice}}}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: NoTwin, metadata: {name: all}, spec: {match: {kinds: [{apiGroups: [""], kinds: [ConfigMap]}]}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	set, err := gatekeeper.New(docs, nil)
	if err != nil {
		t.Fatal(err)
	}
	program, err := engine.Compile(t.Context(), engine.Options{Policies: policies.FS, Constraints: set})
	if err != nil {
		t.Fatal(err)
	}
	inventory, err := gatekeeper.NewInventory([]ast.Value{ast.MustParseTerm(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "twin", "namespace": "elsewhere"}}`).Value})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.gate.Program = func() *engine.Program { return program }
	w.gate.Inventory = func() *gatekeeper.Inventory { return inventory }
	create := func(as, name string, groups ...string) review.Verdict {
		v, _ := w.write(call{as: as, groups: append(groups, "gatehouse:users"), op: review.Create, group: "", kind: "ConfigMap", resource: "configmaps",
			object: doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name, doc{"namespace": aliceNS})}})
		return v
	}
	v := create("local:alice", "twin")
	w.denied(v, "notwin/all")
	if strings.Contains(v.Message(), "notwin/config") {
		t.Errorf("a constraint sees beyond the namespaces that it looks at: %s", v.Message())
	}
	w.allowed(create("local:alice", "alone"))
	v = create("admin", "twin", "system:masters")
	w.allowed(v)
	if len(v.Warnings) == 0 || !strings.Contains(v.Warnings[0], "notwin/all would deny a tenant: twin is in elsewhere too") {
		t.Errorf("the platform is told %q", v.Warnings)
	}
}
