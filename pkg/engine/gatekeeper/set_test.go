package gatekeeper

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
)

func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

const oneConstraint = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Some\nmetadata: {name: one}\nspec: {}\n"

func TestLoad(t *testing.T) {
	other := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	list := "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Some, metadata: {name: two}}\n"
	s, err := Load(files("b/constraint.yml", other+"---\n"+oneConstraint, "a/template.yaml", templateText(fine, ""), "list.json", list, "README.md", "{{"))
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, c := range s.Constraints() {
		rules = append(rules, c.Rule)
	}
	if diff := cmp.Diff([]string{"some/one", "some/two"}, rules); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Template("Some") == nil || s.Template("Other") != nil || len(s.Templates()) != 1 {
		t.Error("templates")
	}
}

// TestLoadRefuses names file, document and reason, all at once.
func TestLoadRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  []string
	}{
		"no template":     {files("c.yaml", oneConstraint), []string{"c.yaml:1: Some/one: kind: there is no template of kind Some"}},
		"second document": {files("t.yaml", templateText(fine, ""), "c.yaml", "# nothing\n---\n"+oneConstraint+"---\n"+oneConstraint), []string{"c.yaml:8: document 2: Some/one: metadata.name: is there twice"}},
		"two templates":   {files("a.yaml", templateText(fine, ""), "b.yaml", templateText(fine, "")), []string{"b.yaml:1: ConstraintTemplate/some: kind Some is made by ConstraintTemplate/some already"}},
		"no YAML":         {files("a.yaml", "a: [\n"), []string{"a.yaml"}},
		"a key twice":     {files("a.yaml", "a: 1\na: 2\n"), []string{"a.yaml", "already defined"}},
		"several": {files("t.yaml", templateText("package some", ""), "u.yaml", strings.ReplaceAll(templateText("package x", ""), "ome", "ame")),
			[]string{"t.yaml:1: ConstraintTemplate/some: spec.targets[0].rego: has no rule violation", "u.yaml:1: ConstraintTemplate/same"}},
	} {
		_, err := Load(tt.files)
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
	}
}

// TestTakenOver compiles a template again only when it changed.
func TestTakenOver(t *testing.T) {
	load := func(template, constraint string, previous *Set) *Set {
		docs, err := Decode("x.yaml", []byte(template+"---\n"+constraint))
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(docs, previous)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := load(templateText(fine, ""), oneConstraint, nil)
	again := load(templateText(fine, ""), oneConstraint, first)
	stricter := load(templateText(fine, ""), strings.Replace(oneConstraint, "{}", "{enforcementAction: warn}", 1), first)
	changed := load(templateText(fine+"\n# more", ""), oneConstraint, first)
	code := func(s *Set) *Code { return s.Template("Some").Code() }
	if code(again) != code(first) || code(stricter) != code(first) || code(changed) == code(first) {
		t.Error("compiled again, or not")
	}
	if again.Digest() != first.Digest() || stricter.Digest() == first.Digest() || changed.Digest() == first.Digest() {
		t.Error("digests")
	}
}

func TestInventory(t *testing.T) {
	values := func(texts ...string) []ast.Value {
		var out []ast.Value
		for _, text := range texts {
			out = append(out, ast.MustParseTerm(text).Value)
		}
		return out
	}
	i, err := NewInventory(values(
		`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "team-a"}}`,
		`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b", "namespace": "other"}}`,
		`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a", "labels": {"tier": "one"}}}`,
		`{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}}`))
	if err != nil {
		t.Fatal(err)
	}
	v1 := schemaTemplate(t, "v1")
	for match, want := range map[string][2]bool{
		"{}":                             {true, true},
		"{namespaces: ['team-*']}":       {true, false},
		"{excludedNamespaces: [team-a]}": {false, true},
		"{namespaceSelector: {matchLabels: {tier: one}}}": {true, false},
	} {
		c, err := constraintOf(t, v1, "{parameters: {must: x}, match: "+match+"}")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			seen := func(path string) bool {
				_, err := i.For(c).Find(ast.MustParseRef("x." + path)[1:])
				return err == nil
			}
			got := [2]bool{seen(`namespace["team-a"].v1.Pod.a`), seen(`namespace.other.v1.Pod.b`)}
			if got != want || !seen(`cluster["storage.k8s.io/v1"].StorageClass.fast`) {
				t.Errorf("%s: sees %v, want %v", match, got, want)
			}
		}
	}
	if _, err := NewInventory(values(`{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "b"}}`)); err == nil {
		t.Error("a Secret is in an inventory")
	}
	if _, err := NewInventory(values(`{"kind": "Pod", "metadata": {}}`)); err == nil {
		t.Error("an object without a name is in an inventory")
	}
}
