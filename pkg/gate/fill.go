package gate

import (
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
)

// fill gives the patches for what policies want set where nothing is. Objects on the way
// that are missing are made; entries of lists never are. Nothing, as everywhere in
// Kubernetes, is a missing field or null. A way that leads through a text or past the end
// of a list is left alone: the API server refuses such an object in its own words.
func fill(o object, mutations []engine.Mutation) []review.Patch {
	var patches []review.Patch
	made := map[string]bool{}
	for _, m := range mutations {
		tokens := unescape(strings.Split(strings.TrimPrefix(m.Path, "/"), "/"))
		missing, ok := absent(o.value, tokens)
		if !ok || below(m.Path, sealed) {
			continue
		}
		ends := pointers(m.Path)
		for _, parent := range ends[missing : len(ends)-1] {
			if !made[parent] {
				made[parent] = true
				patches = append(patches, review.Patch{Op: "add", Path: parent, Value: map[string]any{}})
			}
		}
		patches = append(patches, review.Patch{Op: "add", Path: m.Path, Value: m.Value})
	}
	return patches
}

// absent says at which of the tokens nothing is any more; ok is false where something
// stands at the end of the way, or where nothing can be put there.
func absent(v ast.Value, tokens []string) (missing int, ok bool) {
	for i, token := range tokens {
		next, can := child(v, token)
		switch {
		case !can:
			return 0, false
		case next == nil:
			return i, true
		}
		v = next
	}
	return 0, false
}

// child is what stands under a token, nil where nothing does; ok is false where nothing
// ever can: v is neither a map nor a list, or a list without that entry.
func child(v ast.Value, token string) (next ast.Value, ok bool) {
	switch v := v.(type) {
	case ast.Object:
		term := v.Get(ast.StringTerm(token))
		if term == nil || term.Value == (ast.Null{}) {
			return nil, true
		}
		return term.Value, true
	case *ast.Array:
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= v.Len() || strconv.Itoa(i) != token {
			return nil, false
		}
		return v.Elem(i).Value, true
	}
	return nil, false
}

// pointers lists every beginning of a pointer, itself last.
func pointers(path string) []string {
	var out []string
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			out = append(out, path[:i])
		}
	}
	return append(out, path)
}

func unescape(tokens []string) []string {
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return out
}
