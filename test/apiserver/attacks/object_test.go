package attacks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSet(t *testing.T) {
	for pointer, want := range map[string]map[string]any{
		"/a":                        {"a": "x", "list": []any{"one"}},
		"/b/c":                      {"a": "a", "b": map[string]any{"c": "x"}, "list": []any{"one"}},
		"/list/0":                   {"a": "a", "list": []any{"x"}},
		"/list/1":                   {"a": "a", "list": []any{"one", "x"}},
		"/list/-":                   {"a": "a", "list": []any{"one", "x"}},
		"/new/0/d":                  {"a": "a", "list": []any{"one"}, "new": []any{map[string]any{"d": "x"}}},
		"/labels/example.com~1mark": {"a": "a", "list": []any{"one"}, "labels": map[string]any{"example.com/mark": "x"}},
	} {
		object := map[string]any{"a": "a", "list": []any{"one"}}
		if err := set(object, pointer, "x"); err != nil {
			t.Errorf("%s: %v", pointer, err)
		}
		if diff := cmp.Diff(want, object); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pointer, diff)
		}
	}
	for _, pointer := range []string{"/a/b", "/list/3", "/list/x"} {
		if err := set(map[string]any{"a": "a", "list": []any{"one"}}, pointer, "x"); err == nil {
			t.Errorf("%s: no error", pointer)
		}
	}
}

func TestRefused(t *testing.T) {
	for by, said := range map[string]answer{
		"pods/images":   {code: 403, said: "admission webhook \"x\" denied the request: denied by pods/security: a; b\ndenied by pods/images: c; d"},
		"rbac":          {code: 403, said: `pods is forbidden: User "local:alice" cannot create resource "pods"`},
		"PodSecurity":   {code: 403, said: `pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces`},
		"guard: a":      {code: 403, said: "ValidatingAdmissionPolicy 'a' with binding 'a' denied request: no"},
		"api: a number": {code: 422, said: "spec.x: must be a number"},
	} {
		if err := refused(said, by); err != nil {
			t.Errorf("%s: %v", by, err)
		}
		for other := range map[string]bool{"pods/placement": true, "rbac": true, "PodSecurity": true, "guard: b": true, "api: a word": true} {
			if other != by && refused(said, other) == nil {
				t.Errorf("%q counts as a denial by %s", said.said, other)
			}
		}
		said.code = 201
		if refused(said, by) == nil {
			t.Errorf("what is stored counts as denied by %s", by)
		}
	}
	if refused(answer{code: 500, said: "denied by pods/images: x"}, "pods/images") == nil {
		t.Error("an error counts as a denial")
	}
}
