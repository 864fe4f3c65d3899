package suite

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const suiteHead = "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\ntests:\n- name: t\n"

// run tries one suite, whose text follows suiteHead, beside the files of testdata.
func run(t *testing.T, text string, more map[string]string) SuiteResult {
	t.Helper()
	fsys := fstest.MapFS{"suite.yaml": {Data: []byte(suiteHead + text)}}
	for name, content := range more {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	for _, folder := range []string{"scoped", "requiredlabels", "uniquehost"} {
		entries, err := os.ReadDir("testdata/" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			raw, err := os.ReadFile("testdata/" + folder + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			fsys[folder+"/"+e.Name()] = &fstest.MapFile{Data: raw}
		}
	}
	report := Run(context.Background(), []string{"suite.yaml"}, Options{Files: fsys, Now: time.Unix(0, 0)})
	if len(report.Suites) != 1 {
		t.Fatalf("%d suites", len(report.Suites))
	}
	return report.Suites[0]
}

// TestFailures wants each way in which a test fails told, and none passed over.
func TestFailures(t *testing.T) {
	const labels = "  template: requiredlabels/template.yaml\n  constraint: requiredlabels/constraint.yaml\n"
	const never = "  template: scoped/template.yaml\n  constraint: scoped/here.yaml\n"
	oneCase := func(rest string) string { return "  cases: [{name: c, " + rest + "}]\n" }
	conflict := strings.Replace(mustRead(t, "testdata/scoped/template.yaml"), "violation[{\"msg\": \"never\"}] { true }",
		"two = 1 { true }\n        two = 2 { true }\n        violation[{\"msg\": two}] { true }", 1)
	review := "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n"
	for name, tt := range map[string]struct {
		text, want string
		more       map[string]string
	}{
		"violations not wanted": {never + oneCase("object: scoped/object.yaml, assertions: [{violations: no}]"), `got 1 violations, want none; said: ["never"]`, nil},
		"too few":               {never + oneCase("object: scoped/object.yaml, assertions: [{violations: 2}]"), "want exactly 2", nil},
		"another message":       {never + oneCase("object: scoped/object.yaml, assertions: [{message: always}]"), `with message "always", want at least one`, nil},
		"the second assertion":  {never + oneCase("object: scoped/object.yaml, assertions: [{}, {violations: no, message: ne}]"), "want none", nil},
		"no expression":         {never + oneCase("object: scoped/object.yaml, assertions: [{message: '('}]"), "message: error parsing regexp", nil},
		"no number":             {never + oneCase("object: scoped/object.yaml, assertions: [{violations: true}]"), "violations is true: want yes, no or a number", nil},
		"below nothing":         {never + oneCase("object: scoped/object.yaml, assertions: [{violations: -1}]"), "violations is -1", nil},
		"no assertions":         {never + oneCase("object: scoped/object.yaml"), "the case has no assertions", nil},
		"no object":             {never + oneCase("assertions: [{}]"), "the case names no object", nil},
		"object not there":      {never + oneCase("object: nowhere.yaml, assertions: [{}]"), "nowhere.yaml", nil},
		"two objects":           {never + oneCase("object: uniquehost/itself.yaml, assertions: [{}]"), "uniquehost/itself.yaml has 2 objects, want one", nil},
		"empty file":            {never + oneCase("object: empty.yaml, assertions: [{}]"), "empty.yaml has no object", map[string]string{"empty.yaml": "# nothing\n"}},
		"no YAML":               {never + oneCase("object: odd.yaml, assertions: [{}]"), "odd.yaml", map[string]string{"odd.yaml": "a: ["}},
		"no kind":               {never + oneCase("object: odd.yaml, assertions: [{}]"), "the object has no kind", map[string]string{"odd.yaml": "a: b"}},
		"no template":           {"  constraint: scoped/here.yaml\n", "names no template", nil},
		"no constraint":         {"  template: scoped/template.yaml\n", "names no constraint", nil},
		"not a template":        {"  template: scoped/here.yaml\n  constraint: scoped/here.yaml\n", "scoped/here.yaml has no ConstraintTemplate", nil},
		"not a constraint":      {"  template: scoped/template.yaml\n  constraint: scoped/object.yaml\n", "scoped/object.yaml has no constraint", nil},
		"of another template":   {"  template: scoped/template.yaml\n  constraint: requiredlabels/constraint.yaml\n", "template neverso makes constraints of kind NeverSo", nil},
		"broken template":       {"  template: broken.yaml\n  constraint: scoped/here.yaml\n  invalid: true\n", "broken.yaml:15: ConstraintTemplate/neverso: spec.targets[0].rego", map[string]string{"broken.yaml": strings.Replace(mustRead(t, "testdata/scoped/template.yaml"), "{ true }", "{ http.send({}) }", 1)}},
		"refused constraint":    {"  template: requiredlabels/template.yaml\n  constraint: requiredlabels/no-labels.yaml\n", "no-labels.yaml:2: NeedsLabels/without", nil},
		"valid, not invalid":    {labels + "  invalid: true\n", "is taken, and must be invalid", nil},
		"invalid, with cases":   {"  template: requiredlabels/template.yaml\n  constraint: requiredlabels/no-labels.yaml\n  invalid: true\n" + oneCase("object: scoped/object.yaml, assertions: [{}]"), "has no cases", nil},
		"a rule of two values":  {"  template: conflict.yaml\n  constraint: scoped/here.yaml\n" + oneCase("object: scoped/object.yaml, assertions: [{}]"), "neverso/here spec.targets[0].rego", map[string]string{"conflict.yaml": conflict}},
		"a Secret":              {never + oneCase("object: scoped/object.yaml, inventory: [secret.yaml], assertions: [{}]"), "Secrets are never shown", map[string]string{"secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\n"}},
		"inventory not there":   {never + oneCase("object: scoped/object.yaml, inventory: [nowhere.yaml], assertions: [{}]"), "nowhere.yaml", nil},
		"review of nothing":     {never + oneCase("object: r.yaml, assertions: [{}]"), "AdmissionReview: it has no request", map[string]string{"r.yaml": review}},
		"review of no object":   {never + oneCase("object: r.yaml, assertions: [{}]"), "neither object nor oldObject", map[string]string{"r.yaml": review + "request: {operation: UPDATE}\n"}},
		"review misspelled":     {never + oneCase("object: r.yaml, assertions: [{}]"), "objekt", map[string]string{"r.yaml": review + "request: {objekt: {}}\n"}},
		"deletion of nothing":   {never + oneCase("object: r.yaml, assertions: [{}]"), "DELETE without oldObject", map[string]string{"r.yaml": review + "request: {operation: DELETE, object: {apiVersion: v1, kind: Pod}}\n"}},
		"object without kind":   {never + oneCase("object: r.yaml, assertions: [{}]"), "object: ", map[string]string{"r.yaml": review + "request: {operation: UPDATE, object: {a: b}}\n"}},
		"not an expansion":      {never + "  expansion: scoped/here.yaml\n" + oneCase("object: scoped/object.yaml, assertions: [{}]"), "is no ExpansionTemplate", nil},
		"expansion not there":   {never + "  expansion: nowhere.yaml\n" + oneCase("object: scoped/object.yaml, assertions: [{}]"), "nowhere.yaml", nil},
		"expansion's action": {never + "  expansion: e.yaml\n" + oneCase("object: scoped/object.yaml, assertions: [{}]"), "not supported", map[string]string{
			"e.yaml": "{apiVersion: expansion.gatekeeper.sh/v1beta1, kind: ExpansionTemplate, metadata: {name: e}, spec: {applyTo: [{}], templateSource: a, generatedGVK: {kind: B}, enforcementAction: warn}}"}},
		"expands without end": {never + "  expansion: e.yaml\n" + oneCase("object: loop.yaml, assertions: [{}]"), "has no object at spec", map[string]string{
			"e.yaml":    "{apiVersion: expansion.gatekeeper.sh/v1beta1, kind: ExpansionTemplate, metadata: {name: e}, spec: {applyTo: [{groups: [''], versions: [v1], kinds: [A]}], templateSource: spec, generatedGVK: {version: v1, kind: A}}}",
			"loop.yaml": "{apiVersion: v1, kind: A, metadata: {name: a}, spec: {spec: {}}}"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, tt.text, tt.more)
			if got.Failed != 1 || got.Passed != 0 {
				t.Errorf("%d failed, %d passed", got.Failed, got.Passed)
			}
			problems := got.Problem
			for _, test := range got.Tests {
				problems += test.Problem
				for _, c := range test.Cases {
					problems += c.Problem
				}
			}
			if !strings.Contains(problems, tt.want) {
				t.Errorf("got  %s\nwant %s", problems, tt.want)
			}
		})
	}
}

func mustRead(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestNotes names fields that the format does not have.
func TestNotes(t *testing.T) {
	got := run(t, "  template: scoped/template.yaml\n  constraint: scoped/here.yaml\n  cases: [{name: c, object: scoped/object.yaml, assertions: [{violation: no}]}]\n", nil)
	if got.Failed != 0 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], `unknown field "tests[0].cases[0].assertions[0].violation"`) {
		t.Errorf("got %+v", got)
	}
}

// TestSkipped counts what is left out.
func TestSkipped(t *testing.T) {
	skipped := run(t, "  skip: true\n", nil)
	if skipped.Skipped != 1 || skipped.Failed+skipped.Passed != 0 {
		t.Errorf("got %+v", skipped)
	}
}

// TestFind looks for suites by content, and tells when a file is none.
func TestFind(t *testing.T) {
	fsys := fstest.MapFS{
		"a/suite.yaml":  {Data: []byte(suiteHead)},
		"a/b/other.yml": {Data: []byte(suiteHead)},
		"a/chart.yaml":  {Data: []byte("{{ .Values }}")},
		"a/suite.json":  {Data: []byte(suiteHead)},
		"z/none.yaml":   {Data: []byte("kind: ConfigMap\n")},
	}
	for name, want := range map[string]string{".": "a/b/other.yml a/suite.yaml", "a/b": "a/b/other.yml", "z": "", "z/none.yaml": "z/none.yaml"} {
		found, err := Find(fsys, name)
		if err != nil || strings.Join(found, " ") != want {
			t.Errorf("%s: got %v, %v, want %s", name, found, err, want)
		}
	}
	if _, err := Find(fsys, "nowhere"); err == nil {
		t.Error("found what is not there")
	}
	report := Run(context.Background(), []string{"z/none.yaml"}, Options{Files: fsys})
	if report.Failed != 1 || report.Suites[0].Problem != "no Suite of group test.gatekeeper.sh" {
		t.Errorf("got %+v", report)
	}
}
