package gatekeeper

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Load makes a set of all templates and constraints in the YAML and JSON files of a
// tree; objects of other kinds are passed over, Lists are taken apart. Errors name file,
// document and reason.
func Load(fsys fs.FS) (*Set, error) {
	var docs []Document
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isManifest(name) {
			return err
		}
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		found, err := Decode(name, raw)
		if err != nil {
			return Problems{asProblem(err)}
		}
		for _, doc := range found {
			docs = append(docs, ours(doc)...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load constraints: %w", err)
	}
	return New(docs, nil)
}

// FromObjects makes a set of objects as the API server stores them.
func FromObjects(objects []unstructured.Unstructured, previous *Set) (*Set, error) {
	docs := make([]Document, 0, len(objects))
	for _, o := range objects {
		docs = append(docs, FromObject(o.Object))
	}
	return New(docs, previous)
}

func isManifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// ours gives what concerns us of a document.
func ours(doc Document) []Document {
	if doc.IsTemplate() || doc.IsConstraint() {
		return []Document{doc}
	}
	items, isList := doc.Object["items"].([]any)
	if !isList || !strings.HasSuffix(doc.text("kind"), "List") {
		return nil
	}
	var out []Document
	for _, item := range items {
		if object, ok := item.(map[string]any); ok {
			one := doc
			one.Object, one.texts = object, nil
			out = append(out, ours(one)...)
		}
	}
	return out
}

func asProblem(err error) Problem {
	if p, ok := err.(Problem); ok { //nolint:errorlint // Decode's own, never wrapped
		return p
	}
	return Problem{Text: err.Error()}
}
