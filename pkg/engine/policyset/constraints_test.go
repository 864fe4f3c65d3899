package policyset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
)

func parsed(t *testing.T, text string) unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

// says is a template whose constraints say a word.
func says(t *testing.T, body string) unstructured.Unstructured {
	return parsed(t, fmt.Sprintf(`{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate, metadata: {name: says},
		spec: {crd: {spec: {names: {kind: Says}, validation: {openAPIV3Schema: {type: object, properties: {word: {type: string}}}}}},
		targets: [{target: admission.k8s.gatekeeper.sh, rego: %q}]}}`, "package says\n\nviolation[{\"msg\": input.parameters.word}] { "+body+" }"))
}

func word(t *testing.T, name, spec string) unstructured.Unstructured {
	return parsed(t, "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Says, metadata: {name: "+name+"}, spec: "+spec+"}")
}

// said asks the set about a ConfigMap and lists the denials.
func said(t *testing.T, s *policyset.Set) string {
	t.Helper()
	input, err := engine.ObjectValue([]byte(`{"request": {"kind": {"group": "", "version": "v1", "kind": "ConfigMap"}, "name": "a", "namespace": "b", "operation": "CREATE",
		"userInfo": {}, "object": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}, "oldObject": null}}`))
	if err != nil {
		t.Fatal(err)
	}
	document, err := s.Program().Eval(context.Background(), input, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Decode(document)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, f := range result.Denials {
		words = append(words, f.Rule+"="+f.Msg)
	}
	return strings.Join(words, " ")
}

// TestConstraintsKeepTheLastGood gives set after set and wants what is good in force,
// and of what is not its last good version.
func TestConstraintsKeepTheLastGood(t *testing.T) {
	ctx := context.Background()
	s, err := policyset.New(ctx, small(t))
	if err != nil {
		t.Fatal(err)
	}
	good, one, two := says(t, "true"), word(t, "one", "{parameters: {word: a}}"), word(t, "two", "{parameters: {word: b}}")
	for _, step := range []struct {
		name    string
		objects []unstructured.Unstructured
		want    string
		reject  string
	}{
		{"nothing", nil, "", ""},
		{"one", []unstructured.Unstructured{good, one}, "says/one=a", ""},
		{"two, in any order", []unstructured.Unstructured{two, one, good}, "says/one=a says/two=b", ""},
		{"a bad template", []unstructured.Unstructured{says(t, "http.send({})"), one, two}, "says/one=a says/two=b", "ConstraintTemplate/says"},
		{"a bad constraint", []unstructured.Unstructured{good, word(t, "one", "{parameters: {word: 7}}"), two}, "says/one=a says/two=b", "Says/one"},
		{"a new bad constraint", []unstructured.Unstructured{good, one, word(t, "three", "{parameters: {word: 7}}")}, "says/one=a", "Says/three"},
		{"no template", []unstructured.Unstructured{one}, "", "Says/one"},
		{"good again", []unstructured.Unstructured{good, word(t, "one", "{parameters: {word: c}}")}, "says/one=c", ""},
	} {
		err := s.SetConstraints(ctx, step.objects)
		state := s.State()
		if got := said(t, s); got != step.want || (err != nil) != (step.reject != "") {
			t.Errorf("%s: %q, %v, want %q", step.name, got, err, step.want)
		}
		if _, told := state.Rejected[step.reject]; step.reject != "" && !told || step.reject == "" && len(state.Rejected) > 0 {
			t.Errorf("%s: rejected %v, want %s", step.name, state.Rejected, step.reject)
		}
	}
}

// TestConstraintsUnderReview says what would be wrong, and changes nothing.
func TestConstraintsUnderReview(t *testing.T) {
	ctx := context.Background()
	s, err := policyset.New(ctx, small(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetConstraints(ctx, []unstructured.Unstructured{says(t, "true"), word(t, "one", "{parameters: {word: a}}")}); err != nil {
		t.Fatal(err)
	}
	before := s.State().Digest
	stricter := says(t, "true")
	if err := unstructured.SetNestedField(stricter.Object, "integer", "spec", "crd", "spec", "validation", "openAPIV3Schema", "properties", "word", "type"); err != nil {
		t.Fatal(err)
	}
	clash := parsed(t, strings.NewReplacer("says", "built", "Says", "Built").Replace(string(raw(t, says(t, "true")))))
	for name, tt := range map[string]struct {
		object unstructured.Unstructured
		want   string
		refers bool
	}{
		"the same template":       {says(t, "true"), "", false},
		"one that looks up":       {says(t, "data.inventory.cluster"), "", true},
		"a bad template":          {says(t, "http.send({})"), "spec.targets[0].rego:3", false},
		"one that breaks others":  {stricter, "Says/one: spec.parameters.word", false},
		"another constraint":      {word(t, "two", "{}"), "", false},
		"the same, changed":       {word(t, "one", "{enforcementAction: warn}"), "", false},
		"a bad constraint":        {word(t, "two", "{enforcementAction: maybe}"), `"maybe" is none of`, false},
		"of a template elsewhere": {parsed(t, "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Other, metadata: {name: x}}"), gatekeeper.ErrUnknownTemplate.Error(), false},
		"a new template":          {clash, "", false},
	} {
		refers, err := s.ReviewConstraint(ctx, tt.object.Object)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) || refers != tt.refers {
			t.Errorf("%s: got %v, %v, want %q, %v", name, refers, err, tt.want, tt.refers)
		}
	}
	if _, err := s.ReviewConstraint(ctx, parsed(t, "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Other, metadata: {name: x}}").Object); !errors.Is(err, gatekeeper.ErrUnknownTemplate) {
		t.Errorf("got %v", err)
	}
	if s.State().Digest != before {
		t.Error("a review changed the set")
	}
	if err := s.SetConstraints(ctx, []unstructured.Unstructured{clash}); err != nil {
		t.Fatal(err)
	}
	named := parsed(t, "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Built, metadata: {name: in}}")
	if _, err := s.ReviewConstraint(ctx, named.Object); err == nil || !strings.Contains(err.Error(), "built/in is the name of a policy") {
		t.Errorf("got %v", err)
	}
}

func raw(t *testing.T, o unstructured.Unstructured) []byte {
	t.Helper()
	out, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestConstraintsSayNothingOfDirectories: what is wrong with a directory stays said when the
// constraints are listed anew.
func TestConstraintsSayNothingOfDirectories(t *testing.T) {
	set := newSet(t)
	set.Trouble("directory /etc/rules", "it cannot be read")
	if err := set.SetConstraints(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if said := set.State().Rejected["directory /etc/rules"]; said != "it cannot be read" {
		t.Errorf("it is said: %q", said)
	}
}
