package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// baseFile is a whole review; examples say only what is different.
const baseFile = "schemas/base.yaml"

// Example is one case under pass/ or fail/ of a policy: its documentation, and a test.
type Example struct {
	// File inside the set.
	File string `json:"-"`
	// Case says in a line what happens.
	Case string `json:"case"`
	// Input is laid over the base review: objects are merged, anything else, null too,
	// takes the place of what is there.
	Input map[string]any `json:"input,omitempty"`
	// Without removes fields of the base, as dotted paths.
	Without []string `json:"without,omitempty"`
	// Expect is what the policy says, empty for pass/.
	Expect Expectation `json:"expect,omitempty"`
}

// Expectation is what a policy must say: each text is part of a message, and every
// message has its text.
type Expectation struct {
	Deny   []string          `json:"deny,omitempty"`
	Warn   []string          `json:"warn,omitempty"`
	Demand map[string]string `json:"demand,omitempty"`
	Mutate map[string]any    `json:"mutate,omitempty"`
}

func (e Expectation) empty() bool {
	return len(e.Deny)+len(e.Warn)+len(e.Demand)+len(e.Mutate) == 0
}

// runExamples runs the examples of one policy through the compiled set.
func runExamples(ctx context.Context, fsys fs.FS, program *engine.Program, rule string, report *Report) (pass, fail []Example, err error) {
	base, err := readBase(fsys)
	if err != nil {
		return nil, nil, err
	}
	for _, folder := range []string{"pass", "fail"} {
		dir := path.Join(rule, folder)
		examples, problems, err := readExamples(fsys, dir)
		if err != nil {
			return nil, nil, err
		}
		report.Problems = append(report.Problems, problems...)
		if len(examples) == 0 {
			report.add(dir, "has no example")
		}
		for _, example := range examples {
			if example.Expect.empty() != (folder == "pass") {
				report.add(example.File, "an example under fail/ expects something, one under pass/ nothing")
			}
			for _, text := range example.judge(ctx, program, rule, base) {
				report.add(example.File, text)
			}
		}
		if folder == "pass" {
			pass = examples
		} else {
			fail = examples
		}
	}
	return pass, fail, nil
}

func readBase(fsys fs.FS) (map[string]any, error) {
	raw, err := fs.ReadFile(fsys, baseFile)
	if err != nil {
		return nil, fmt.Errorf("examples need a review to start from: %w", err)
	}
	var base map[string]any
	if err := decodeYAML(raw, &base); err != nil {
		return nil, fmt.Errorf("%s: %w", baseFile, err)
	}
	return base, nil
}

func readExamples(fsys fs.FS, dir string) ([]Example, []engine.Problem, error) {
	names, err := fs.Glob(fsys, dir+"/*.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("examples of %s: %w", dir, err)
	}
	slices.Sort(names)
	var examples []Example
	var problems []engine.Problem
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, nil, fmt.Errorf("example %s: %w", name, err)
		}
		// One key, the file's own name: OPA merges all files of a folder into one
		// document, and plain `opa test policies` must go on working.
		var file map[string]Example
		if err := decodeYAML(raw, &file); err != nil {
			problems = append(problems, engine.Problem{File: name, Text: err.Error()})
			continue
		}
		stem := strings.TrimSuffix(path.Base(name), ".yaml")
		example, ok := file[stem]
		if !ok || len(file) != 1 || example.Case == "" {
			problems = append(problems, engine.Problem{File: name,
				Text: "want one key, " + stem + ", with a case that says in a line what happens"})
			continue
		}
		example.File = name
		examples = append(examples, example)
	}
	return examples, problems, nil
}

// decodeYAML refuses unknown fields and double keys.
func decodeYAML(raw []byte, into any) error {
	asJSON, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(asJSON))
	d.UseNumber()
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Review gives the whole input of an example.
func (e Example) Review(base map[string]any) (map[string]any, error) {
	review, ok := overlay(base, e.Input).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("input is no object")
	}
	for _, at := range e.Without {
		if !remove(review, strings.Split(at, ".")) {
			return nil, fmt.Errorf("without: the base has no %s", at)
		}
	}
	return review, nil
}

// overlay copies base with other laid over it.
func overlay(base, other any) any {
	b, isObject := base.(map[string]any)
	o, over := other.(map[string]any)
	if !isObject || !over {
		if !over {
			return other
		}
		b = nil
	}
	merged := make(map[string]any, len(b)+len(o))
	for key, value := range b {
		if sub, ok := value.(map[string]any); ok {
			// A copy, so that removing a field leaves the base alone.
			merged[key] = overlay(sub, map[string]any{})
			continue
		}
		merged[key] = value
	}
	for key, value := range o {
		merged[key] = overlay(b[key], value)
	}
	return merged
}

func remove(object map[string]any, at []string) bool {
	if len(at) == 1 {
		_, ok := object[at[0]]
		delete(object, at[0])
		return ok
	}
	next, ok := object[at[0]].(map[string]any)
	return ok && remove(next, at[1:])
}
