package gatekeeper

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

const withSchema = `apiVersion: templates.gatekeeper.sh/%v%
kind: ConstraintTemplate
metadata: {name: some}
spec:
  crd:
    spec:
      names: {kind: Some}
      validation:
        openAPIV3Schema:
          type: object
          required: [must]
          properties:
            must: {type: string}
            size: {type: integer, default: 3}
            list: {type: array, items: {type: object, properties: {a: {type: string, default: b}}}}
  targets: [{target: admission.k8s.gatekeeper.sh, rego: "package p\n\nviolation[{\"msg\": \"m\"}] { true }"}]
`

func schemaTemplate(t *testing.T, version string) *Template {
	t.Helper()
	out, err := template(t, strings.Replace(withSchema, "%v%", version, 1))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func constraintOf(t *testing.T, of *Template, spec string) (*Constraint, error) {
	t.Helper()
	docs, err := Decode("c.yaml", []byte("apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Some\nmetadata: {name: one}\nspec: "+spec+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return of.NewConstraint(docs[0])
}

func TestRefusedConstraints(t *testing.T) {
	v1 := schemaTemplate(t, "v1")
	for name, tt := range map[string]struct{ spec, want string }{
		"missing parameter":     {"{parameters: {}}", "must"},
		"parameter's type":      {"{parameters: {must: 7}}", "spec.parameters.must"},
		"unknown parameter":     {"{parameters: {must: x, sise: 1}}", "unknown field spec.parameters.sise"},
		"inside a list":         {"{parameters: {must: x, list: [{a: 1}]}}", "spec.parameters.list[0].a"},
		"unknown field":         {"{paramters: {must: x}}", "unknown field spec.paramters"},
		"unknown match":         {"{parameters: {must: x}, match: {kind: Pod}}", "unknown field spec.match.kind"},
		"unknown scope":         {"{parameters: {must: x}, match: {scope: cluster}}", "spec.match.scope"},
		"unknown source":        {"{parameters: {must: x}, match: {source: Elsewhere}}", "spec.match.source"},
		"* inside a name":       {"{parameters: {must: x}, match: {namespaces: [a*b]}}", "spec.match.namespaces[0]"},
		"unknown operator":      {"{parameters: {must: x}, match: {labelSelector: {matchExpressions: [{key: a, operator: Is}]}}}", "operator"},
		"values missing":        {"{parameters: {must: x}, match: {namespaceSelector: {matchExpressions: [{key: a, operator: In}]}}}", "namespaceSelector"},
		"label's name":          {"{parameters: {must: x}, match: {labelSelector: {matchLabels: {\"a b\": c}}}}", "labelSelector"},
		"unknown action":        {"{parameters: {must: x}, enforcementAction: maybe}", `"maybe" is none of`},
		"scoped without scopes": {"{parameters: {must: x}, enforcementAction: scoped}", "no scopedEnforcementActions"},
		"unknown scoped action": {"{parameters: {must: x}, enforcementAction: scoped, scopedEnforcementActions: [{action: no, enforcementPoints: [{name: '*'}]}]}", `action "no"`},
		"unknown point":         {"{parameters: {must: x}, enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: here}]}]}", `"here" is none of`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := constraintOf(t, v1, tt.spec)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "c.yaml:1: Some/one: ") {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestRefusedObjects(t *testing.T) {
	v1 := schemaTemplate(t, "v1")
	text := "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Some\nmetadata: {name: one}\nspec: {parameters: {must: x}}\n"
	for name, tt := range map[string]struct{ old, new, want string }{
		"fine":            {"", "", ""},
		"another group":   {"constraints.gatekeeper.sh", "other", "not of group"},
		"another version": {"v1beta1", "v1", `version "v1" is none of`},
		"another kind":    {"kind: Some", "kind: Other", "makes constraints of kind Some"},
		"its name":        {"name: one", "name: One", "metadata.name"},
		"a long name":     {"name: one", "name: " + strings.Repeat("x", 64), "metadata.name"},
		"no name":         {"{name: one}", "{}", "metadata.name"},
	} {
		docs, err := Decode("c.yaml", []byte(strings.Replace(text, tt.old, tt.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = v1.NewConstraint(docs[0])
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

// TestDefaults fills in what the schema has, and what old versions let through.
func TestDefaults(t *testing.T) {
	for name, tt := range map[string]struct {
		version, spec, want string
	}{
		"defaults":         {"v1", "{parameters: {must: x, list: [{}, {a: c}]}}", `{"list": [{"a": "b"}, {"a": "c"}], "must": "x", "size": 3}`},
		"given":            {"v1", "{parameters: {must: x, size: 5}}", `{"must": "x", "size": 5}`},
		"no parameters":    {"v1", "{}", `{}`},
		"unknown, but old": {"v1beta1", "{parameters: {must: x, sise: [1.5, yes]}}", `{"must": "x", "sise": [1.5, "yes"], "size": 3}`},
	} {
		c, err := constraintOf(t, schemaTemplate(t, tt.version), tt.spec)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.Parameters.String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

func TestEnforcement(t *testing.T) {
	v1 := schemaTemplate(t, "v1")
	scoped := func(parts string) string {
		return "{parameters: {must: x}, enforcementAction: scoped, scopedEnforcementActions: [" + parts + "]}"
	}
	at := func(action, point string) string {
		return "{action: " + action + ", enforcementPoints: [{name: '" + point + "'}]}"
	}
	type at3 [3]v1alpha1.Enforcement
	for name, tt := range map[string]struct {
		spec string
		want at3
	}{
		"unsaid":      {"{parameters: {must: x}}", at3{"deny", "deny", "deny"}},
		"deny":        {"{parameters: {must: x}, enforcementAction: deny}", at3{"deny", "deny", "deny"}},
		"warn":        {"{parameters: {must: x}, enforcementAction: warn}", at3{"warn", "warn", "warn"}},
		"dryrun":      {"{parameters: {must: x}, enforcementAction: dryrun}", at3{"audit", "audit", "audit"}},
		"at one":      {scoped(at("deny", "validation.gatekeeper.sh")), at3{"deny", "off", "off"}},
		"at all":      {scoped(at("warn", "*")), at3{"warn", "warn", "warn"}},
		"strictest":   {scoped(at("warn", "*") + "," + at("deny", "audit.gatekeeper.sh") + "," + at("dryrun", "gator.gatekeeper.sh")), at3{"warn", "warn", "deny"}},
		"passed over": {"{parameters: {must: x}, scopedEnforcementActions: [" + at("warn", "*") + "]}", at3{"deny", "deny", "deny"}},
	} {
		c, err := constraintOf(t, v1, tt.spec)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, at3{c.At(PointWebhook), c.At(PointFiles), c.At(PointAudit)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
