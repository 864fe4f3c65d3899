package engine

import (
	"context"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/policies"
)

const everything = `# METADATA
# title: A test's rule
# description: Looks at everything.
# custom:
#   match: {groups: ["*"], kinds: ["*"], operations: ["*"]}
`

// set makes a set of policies, by rule: <area>/<rule> to its module without METADATA.
func set(t testing.TB, modules map[string]string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{capabilitiesFile, schemaFile} {
		raw, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	for rule, body := range modules {
		if !strings.Contains(rule, ".rego") {
			header := everything
			if strings.HasPrefix(body, "# METADATA") {
				header = ""
			}
			files[rule+"/rule_test.rego"] = &fstest.MapFile{Data: []byte("package x_test\n")}
			rule, body = rule+"/rule.rego", header+body
		}
		files[rule] = &fstest.MapFile{Data: []byte(body)}
	}
	return files
}

// compiled compiles a set without the canary.
func compiled(t testing.TB, modules map[string]string, change ...func(*Options)) *Program {
	t.Helper()
	o := Options{Policies: set(t, modules), NoCanary: true}
	for _, f := range change {
		f(&o)
	}
	p, err := Compile(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// write makes an input with what matching needs, other fields laid over it.
func write(t testing.TB, group, kind, operation string, more ...map[string]any) ast.Value {
	t.Helper()
	input := map[string]any{
		"request": map[string]any{
			"kind":      map[string]any{"group": group, "version": "v1", "kind": kind},
			"operation": operation,
		},
	}
	for _, m := range more {
		maps.Copy(input, m)
	}
	v, err := ast.InterfaceToValue(input)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// decided evaluates and decodes.
func decided(t testing.TB, p *Program, input ast.Value) (Result, error) {
	t.Helper()
	v, err := p.Eval(context.Background(), input, nil)
	if err != nil {
		return Result{}, err
	}
	return Decode(v)
}
