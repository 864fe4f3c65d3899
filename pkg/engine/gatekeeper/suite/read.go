package suite

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// Find lists the files below a folder that hold suites, or the file itself; sorted.
func Find(fsys fs.FS, name string) ([]string, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	var files []string
	err = fs.WalkDir(fsys, name, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" && path.Ext(file) != ".yml" {
			return err
		}
		// Whatever else is in the folder may be anything, and need not even be YAML.
		raw, err := fs.ReadFile(fsys, file)
		if err == nil && bytes.Contains(raw, []byte(Group)) && bytes.Contains(raw, []byte(Kind)) {
			files = append(files, file)
		}
		return err
	})
	slices.Sort(files)
	return files, err
}

// documents reads a file that must hold at least one.
func (r *runner) documents(name string) ([]gatekeeper.Document, error) {
	raw, err := fs.ReadFile(r.files, name)
	if err != nil {
		return nil, err
	}
	docs, err := gatekeeper.Decode(r.display(name), raw)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("%s has no object", r.display(name))
	}
	return docs, nil
}

// document finds the first of a kind in a file.
func (r *runner) document(name, what string, is func(gatekeeper.Document) bool) (gatekeeper.Document, error) {
	docs, err := r.documents(name)
	if err != nil {
		return gatekeeper.Document{}, err
	}
	for _, doc := range docs {
		if is(doc) {
			return doc, nil
		}
	}
	return gatekeeper.Document{}, fmt.Errorf("%s has no %s", r.display(name), what)
}
