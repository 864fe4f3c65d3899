package gatekeeper

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// templateText is a ConstraintTemplate of kind Some with Rego and more under its target.
func templateText(rego, more string) string {
	var b strings.Builder
	b.WriteString("apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata:\n  name: some\nspec:\n" +
		"  crd:\n    spec:\n      names:\n        kind: Some\n  targets:\n    - target: admission.k8s.gatekeeper.sh\n")
	if rego != "" {
		b.WriteString("      rego: |\n")
		for line := range strings.Lines(rego) {
			b.WriteString("        " + line)
		}
		b.WriteString("\n")
	}
	b.WriteString(more)
	return b.String()
}

// growing are lines that each hold the value of the one before twice.
func growing(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  y%d := [y%d, y%d]\n", i+1, i, i)
	}
	return b.String()
}

const fine = "package some\n\nviolation[{\"msg\": \"no\"}] { input.parameters.x == input.review.name }"

func template(t *testing.T, text string) (*Template, error) {
	t.Helper()
	docs, err := Decode("t.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return NewTemplate(docs[0])
}

// TestRefusedTemplates wants file, line and reason.
func TestRefusedTemplates(t *testing.T) {
	body := func(line string) string { return "package some\n\nviolation[{\"msg\": \"no\"}] {\n  " + line + "\n}" }
	lib := func(text string) string {
		return "      libs:\n        - |\n          " + strings.ReplaceAll(text, "\n", "\n          ") + "\n"
	}
	tests := map[string]struct{ text, want string }{
		"another kind":      {strings.Replace(templateText(fine, ""), "kind: ConstraintTemplate", "kind: Template", 1), "not a ConstraintTemplate"},
		"another version":   {strings.Replace(templateText(fine, ""), "sh/v1", "sh/v2", 1), `version "v2" is none of v1, v1beta1, v1alpha1`},
		"another name":      {strings.Replace(templateText(fine, ""), "name: some", "name: other", 1), `metadata.name: is "other": the kind Some demands "some"`},
		"no kind":           {strings.Replace(templateText(fine, ""), "kind: Some", "kind: ''", 1), "spec.crd.spec.names.kind: is missing"},
		"no target":         {strings.Split(templateText("", ""), "  targets:")[0], "spec.targets: is missing"},
		"two targets":       {templateText(fine, "    - target: other\n      rego: ''\n"), "spec.targets: has 2 targets: a template has one"},
		"unknown target":    {strings.Replace(templateText(fine, ""), "admission.k8s", "validation.cloud", 1), `only admission.k8s.gatekeeper.sh is known`},
		"unknown operation": {templateText(fine, "      operations: [PATCH]\n"), `"PATCH" is none of`},
		"no Rego":           {templateText("", ""), "has no Rego"},
		"only CEL":          {templateText("", "      code: [{engine: K8sNativeValidation, source: {validations: []}}]\n"), "has CEL (K8sNativeValidation) and no Rego"},
		"other engine":      {templateText("", "      code: [{engine: Lua, source: {}}]\n"), "has no Rego"},
		"empty code":        {templateText("", "      code: [{engine: Rego, source: {version: v1}}]\n"), "code[0].source.rego: is missing"},
		"odd code":          {templateText("", "      code: [{engine: Rego, source: 7}]\n"), "code[0].source"},
		"unknown language":  {templateText("", "      code: [{engine: Rego, source: {version: v9, rego: x}}]\n"), `code[0].source.version: "v9" is none of v0, v1`},
		"grows":             {templateText("package some\n\nviolation[{\"msg\": \"no\"}] {\n  y0 := input.review\n"+growing(40)+"  count(y40) > 0\n}\n", ""), "holds other values more than 262144 times over"},
		"syntax":            {templateText("package some\n\nviolation[{\"msg\": msg}] {", ""), "t.yaml:16: ConstraintTemplate/some: spec.targets[0].rego: rego_parse_error"},
		"no rule":           {templateText("package some\n\ndeny[\"no\"] { true }", ""), "has no rule violation"},
		"a function":        {templateText("package some\n\nviolation(x) { x }", ""), "t.yaml:15: ConstraintTemplate/some: spec.targets[0].rego: violation is a function"},
		"version 1":         {templateText("package some\n\nviolation contains {\"msg\": \"no\"} if true", ""), "it is Rego of version 1"},
		"the network":       {templateText(body("http.send({}).ok"), ""), "t.yaml:16: ConstraintTemplate/some: spec.targets[0].rego: rego_type_error: undefined function http.send, which is refused: a decision does not talk to the network"},
		"by with":           {templateText(body("count([]) == 0 with count as http.send"), ""), "t.yaml:16:"},
		"the process":       {templateText(body("opa.runtime().env"), ""), "opa.runtime, which is refused"},
		"chance":            {templateText(body("rand.intn(\"x\", 2) == 1"), ""), "rand.intn, which is refused"},
		"external data":     {templateText(body("external_data({})"), ""), "external_data, which is refused"},
		"a token":           {templateText(body("io.jwt.encode_sign({}, {}, {})"), ""), "io.jwt.encode_sign, which is refused"},
		"other data":        {templateText(body("data.facts.x"), ""), "data.facts.x: a template may read data.inventory and data.lib"},
		"all data":          {templateText(body("data[x]"), ""), "rego_recursion_error"},
		"missing library":   {templateText("package some\n\nimport data.lib.x\n\nviolation[{\"msg\": \"no\"}] { x.y }", ""), "data.lib.x.y: there is no such rule"},
		"library's name":    {templateText(fine, lib("package other\n\ny = 1")), "t.yaml:18: ConstraintTemplate/some: spec.targets[0].libs[0]: package other: a library's package begins with lib"},
		"library's syntax":  {templateText(fine, lib("package lib.x\n\ny = {")), "spec.targets[0].libs[0]: rego_parse_error"},
		"recursion":         {templateText("package some\n\nviolation[{\"msg\": \"no\"}] { violation }", ""), "rego_recursion_error"},
		"too long":          {templateText(fine+"\n# "+strings.Repeat("x", maxText), ""), "at most 262144"},
		"odd schema": {strings.Replace(templateText(fine, ""), "        kind: Some\n", "        kind: Some\n      validation:\n        openAPIV3Schema: {type: object, properties: {x: {type: array}}}\n", 1),
			"spec.crd.spec.validation.openAPIV3Schema"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := template(t, tt.text)
			var problems Problems
			if !errors.As(err, &problems) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestWithoutFile names the field and its line where there is no file.
func TestWithoutFile(t *testing.T) {
	docs, err := Decode("", []byte(templateText("package some\n\nviolation[{", "")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewTemplate(FromObject(docs[0].Object))
	if err == nil || !strings.HasPrefix(err.Error(), "ConstraintTemplate/some: spec.targets[0].rego:4: rego_parse_error") {
		t.Errorf("got %v", err)
	}
}

// TestForms takes Rego of both versions from where every API version has it.
func TestForms(t *testing.T) {
	old := "{libs: [\"package lib.l\\n\\nyes { true }\"], rego: \"package p\\n\\nimport data.lib.l\\n\\nviolation[{\\\"msg\\\": \\\"m\\\"}] { l.yes; any([true]); re_match(\\\"a\\\", \\\"a\\\"); print(1); trace(\\\"x\\\") }\""
	v1 := "{version: v1, libs: [\"package lib.l\\n\\nyes if true\"], rego: \"package p\\n\\nimport data.lib.l\\n\\nviolation contains {\\\"msg\\\": \\\"m\\\"} if l.yes\"}"
	imported := "{rego: \"package p\\n\\nimport rego.v1\\n\\nviolation contains {\\\"msg\\\": \\\"m\\\"} if true\"}"
	for name, target := range map[string]string{
		"rego and libs":        old + ", target: admission.k8s.gatekeeper.sh}",
		"code of version 0":    "{target: admission.k8s.gatekeeper.sh, code: [{engine: Rego, source: " + old + ", version: v0}}]}",
		"code of no version":   "{target: admission.k8s.gatekeeper.sh, code: [{engine: Rego, source: " + old + "}}]}",
		"code of version 1":    "{target: admission.k8s.gatekeeper.sh, code: [{engine: Rego, source: " + v1 + "}]}",
		"CEL before it":        "{target: admission.k8s.gatekeeper.sh, code: [{engine: K8sNativeValidation, source: {}}, {engine: Rego, source: " + v1 + "}]}",
		"import rego.v1":       "{target: admission.k8s.gatekeeper.sh, code: [{engine: Rego, source: " + imported + "}]}",
		"a complete rule":      "{target: admission.k8s.gatekeeper.sh, rego: \"package p\\n\\nviolation = [{\\\"msg\\\": \\\"m\\\"}] { true }\"}",
		"rego goes before":     "{target: admission.k8s.gatekeeper.sh, rego: \"package p\\n\\nviolation[{\\\"msg\\\": \\\"m\\\"}] { true }\", code: [{engine: Rego, source: 7}]}",
		"operations of a kind": "{target: admission.k8s.gatekeeper.sh, operations: [DELETE, \"*\"], rego: \"package p\\n\\nviolation[{\\\"msg\\\": \\\"m\\\"}] { true }\"}",
	} {
		for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
			text := fmt.Sprintf("{apiVersion: templates.gatekeeper.sh/%s, kind: ConstraintTemplate, metadata: {name: some}, "+
				"spec: {crd: {spec: {names: {kind: Some}}}, targets: [%s]}}", version, target)
			got, err := template(t, text)
			if err != nil {
				t.Errorf("%s, %s: %v", name, version, err)
				continue
			}
			if want := name == "a complete rule"; got.Code().Complete != want {
				t.Errorf("%s: Complete is %v", name, !want)
			}
		}
	}
}

// TestWhatCodeReads tells apart what the engine must know of a template.
func TestWhatCodeReads(t *testing.T) {
	got := map[string][2]bool{}
	for _, line := range []string{"data.inventory.cluster[_]", "input.review.object.status.x", "input.review.name"} {
		one, err := template(t, templateText("package some\n\nviolation[{\"msg\": \"no\"}] { "+line+" }", ""))
		if err != nil {
			t.Fatal(err)
		}
		got[line] = [2]bool{one.Code().Inventory, one.Code().Metadata}
	}
	want := map[string][2]bool{"data.inventory.cluster[_]": {true, false}, "input.review.object.status.x": {false, true}, "input.review.name": {false, false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
