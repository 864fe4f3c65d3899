package policytest

import (
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// ReadReview reads a review from YAML or JSON: a whole input, an AdmissionReview, or an
// example of a policy. The last two are laid over the set's base.
func ReadReview(fsys fs.FS, name string, raw []byte) (ast.Value, error) {
	var file map[string]any
	if err := decodeYAML(raw, &file); err != nil {
		return nil, err
	}
	request, ok := file["request"].(map[string]any)
	switch {
	case ok && file["caller"] != nil:
		return Value(file)
	case ok && file["kind"] == "AdmissionReview":
		return laidOver(fsys, Example{Input: map[string]any{"request": request}})
	case ok:
		return nil, errors.New("a whole input has request and caller; see schemas/base.yaml")
	}
	var examples map[string]Example
	if err := decodeYAML(raw, &examples); err != nil || len(examples) != 1 {
		return nil, errors.New("it is no input, no AdmissionReview and no example of a policy")
	}
	e := slices.Collect(maps.Values(examples))[0]
	e.File = name
	return laidOver(fsys, e)
}

func laidOver(fsys fs.FS, e Example) (ast.Value, error) {
	base, err := readBase(fsys)
	if err != nil {
		return nil, err
	}
	review, err := e.Review(base)
	if err != nil {
		return nil, err
	}
	return Value(review)
}
