package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
)

func add(path string, value any) review.Patch {
	return review.Patch{Op: "add", Path: path, Value: value}
}

func TestFill(t *testing.T) {
	empty := map[string]any{}
	set := func(paths ...string) (out []engine.Mutation) {
		for _, p := range paths {
			out = append(out, engine.Mutation{Path: p, Value: 1})
		}
		return out
	}
	for name, c := range map[string]struct {
		object    string
		mutations []engine.Mutation
		want      []review.Patch
	}{
		"a field":               {`{"a": {}}`, set("/a/b"), []review.Patch{add("/a/b", 1)}},
		"what is there stays":   {`{"a": {"b": 0, "c": false, "d": "", "e": [], "f": {}}}`, set("/a/b", "/a/c", "/a/d", "/a/e", "/a/f"), nil},
		"parents, once":         {`{}`, set("/a/b/c", "/a/b/d"), []review.Patch{add("/a", empty), add("/a/b", empty), add("/a/b/c", 1), add("/a/b/d", 1)}},
		"null is nothing":       {`{"a": null, "b": {"c": null}}`, set("/a/x", "/b/c"), []review.Patch{add("/a", empty), add("/a/x", 1), add("/b/c", 1)}},
		"entries of lists":      {`{"a": [{}, {"b": {}}, {"b": {"c": 0}}]}`, set("/a/0/b/c", "/a/1/b/c", "/a/2/b/c"), []review.Patch{add("/a/0/b", empty), add("/a/0/b/c", 1), add("/a/1/b/c", 1)}},
		"no entry is made":      {`{"a": [{}], "b": {}}`, set("/a/1/x", "/a/-/x", "/a/01/x", "/a/+0/x", "/a/-1/x", "/a/x", "/a/1"), nil},
		"no way through a text": {`{"a": "x", "b": 7, "c": ["x", null]}`, set("/a/x", "/b/x/y", "/c/0/x", "/c/1/x"), nil},
		"escapes":               {`{"a": {"b/c": {"d~e": 0}}}`, set("/a/b~1c/d~0e", "/a/b~1c/f~1g"), []review.Patch{add("/a/b~1c/f~1g", 1)}},
		"escaped order":         {`{}`, set("/a~01"), []review.Patch{add("/a~01", 1)}},
		"our own annotations":   {`{"metadata": {"annotations": {}}}`, set("/metadata/annotations/gatehouse.dev~1passport", "/metadata/annotations/other"), []review.Patch{add("/metadata/annotations/other", 1)}},
	} {
		o, err := decode([]byte(c.object))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, fill(o, c.mutations)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
