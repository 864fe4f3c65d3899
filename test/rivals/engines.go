package rivals

import (
	"context"
	"fmt"
	"io/fs"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/rego"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/policies"
)

// Program are the fifteen in Gatehouse's engine, and no other policy.
func Program(ctx context.Context) (*engine.Program, error) {
	files := fstest.MapFS{}
	for _, name := range []string{"capabilities.json", "schemas/input.json"} {
		data, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			return nil, fmt.Errorf("what every set has: %w", err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	for _, r := range Rules() {
		files["rivals/"+r.Name+"/rule.rego"] = &fstest.MapFile{Data: []byte(r.Module())}
	}
	p, err := engine.Compile(ctx, engine.Options{Policies: files, TestsOptional: true, NoCanary: true})
	if err != nil {
		return nil, fmt.Errorf("fifteen rules: %w", err)
	}
	return p, nil
}

// Query is one prepared query of plain OPA for the fifteen: the names of those that deny.
func Query(ctx context.Context) (rego.PreparedEvalQuery, error) {
	options := []func(*rego.Rego){rego.Query("[name | some name, rules in data.rivals; count(rules.deny) > 0]")}
	for _, r := range Rules() {
		options = append(options, rego.Module(r.Name+".rego", r.Module()))
	}
	query, err := rego.New(options...).PrepareForEval(ctx)
	if err != nil {
		return query, fmt.Errorf("fifteen rules: %w", err)
	}
	return query, nil
}
