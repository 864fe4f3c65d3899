package suite

import (
	"encoding/json"
	"fmt"

	kjson "sigs.k8s.io/json"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// The names of the format.
const (
	Group = "test.gatekeeper.sh"
	Kind  = "Suite"
)

// suite is one suite.yaml.
type suite struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Tests      []test         `json:"tests"`
	Skip       bool           `json:"skip"`
}

// test is a constraint of a template, and what it is tried on. Paths are relative to
// the suite's folder.
type test struct {
	Name       string  `json:"name"`
	Template   string  `json:"template"`
	Constraint string  `json:"constraint"`
	Expansion  string  `json:"expansion"`
	Cases      []aCase `json:"cases"`
	// Invalid wants the constraint refused.
	Invalid bool `json:"invalid"`
	Skip    bool `json:"skip"`
}

// aCase is one object or AdmissionReview.
type aCase struct {
	Name       string      `json:"name"`
	Object     string      `json:"object"`
	Inventory  []string    `json:"inventory"`
	Assertions []assertion `json:"assertions"`
	Skip       bool        `json:"skip"`
}

// isSuite reports whether a document is a suite of any version.
func isSuite(doc gatekeeper.Document) bool {
	kind, _ := doc.Object["kind"].(string)
	return kind == Kind && doc.Group() == Group
}

// decode reads a suite. Fields that the format does not have are passed over, and noted.
func decode(doc gatekeeper.Document) (s suite, notes []string, err error) {
	raw, err := json.Marshal(doc.Object)
	if err != nil {
		return s, nil, err
	}
	unknown, err := kjson.UnmarshalStrict(raw, &s)
	for _, u := range unknown {
		notes = append(notes, u.Error()+" is passed over")
	}
	if err != nil {
		return s, notes, fmt.Errorf("%s:%d: %w", doc.File, doc.Line, err)
	}
	return s, notes, nil
}
