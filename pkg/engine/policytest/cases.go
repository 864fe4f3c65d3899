package policytest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// Case is one example with its whole review, for tests over all of them.
type Case struct {
	Rule string
	// Fails is true for those under fail/.
	Fails bool
	Example
	// Input is the whole review; it may be changed.
	Input map[string]any
}

// Cases lists every example of some rules.
func Cases(fsys fs.FS, rules ...string) ([]Case, error) {
	var cases []Case
	for _, rule := range rules {
		for _, folder := range []string{"pass", "fail"} {
			examples, problems, err := readExamples(fsys, path.Join(rule, folder))
			if err != nil {
				return nil, err
			}
			if len(problems) > 0 {
				return nil, fmt.Errorf("%s", problems[0])
			}
			for _, e := range examples {
				// Read anew, so that no case shares a part with another.
				base, err := readBase(fsys)
				if err != nil {
					return nil, err
				}
				review, err := e.Review(base)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", e.File, err)
				}
				cases = append(cases, Case{Rule: rule, Fails: folder == "fail", Example: e, Input: review})
			}
		}
	}
	return cases, nil
}

// Value gives a review in the engine's form.
func Value(review map[string]any) (ast.Value, error) {
	raw, err := json.Marshal(review)
	if err != nil {
		return nil, err
	}
	return engine.ObjectValue(raw)
}
