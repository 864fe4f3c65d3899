package engine

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/policies"
)

// TestRefused compiles sets with one thing wrong and wants its file, line and reason.
func TestRefused(t *testing.T) {
	const ok = "package a.b\n\ndeny contains \"no\" if input.caller.role == \"x\"\n"
	meta := func(custom string) string {
		return "# METADATA\n# title: T\n# description: D\n# custom:\n" + custom + "package a.b\n\ndeny contains \"no\"\n"
	}
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"no rules":           {map[string]string{}, "no policies found"},
		"syntax":             {map[string]string{"a/b": "package a.b\n\ndeny contains if\n"}, "a/b/rule.rego:8: rego_parse_error"},
		"other package":      {map[string]string{"a/b": "package a.c\n\ndeny contains \"no\"\n"}, "a/b/rule.rego:6: package a.c: the folder demands a.b"},
		"folder's name":      {map[string]string{"a/B_x": ok}, `folder "B_x"`},
		"outside a folder":   {map[string]string{"a/b": ok, "a/c.rego": ok}, "a/c.rego: a rule lives in a folder of its own"},
		"no metadata":        {map[string]string{"a/b/rule.rego": ok, "a/b/rule_test.rego": "package x_test"}, "a/b/rule.rego:1: no METADATA above the package line"},
		"no test":            {map[string]string{"a/b/rule.rego": everything + ok}, "a/b/rule_test.rego: missing"},
		"no rule":            {map[string]string{"a/b/rule_test.rego": ok}, "a/b/rule.rego: missing"},
		"no title":           {map[string]string{"a/b": "# METADATA\n# description: D\npackage a.b\n\ndeny contains \"no\"\n"}, "needs a title and a description"},
		"no match":           {map[string]string{"a/b": meta("#   match: {kinds: [Pod], operations: [CREATE]}\n")}, "custom.match.groups is missing or empty"},
		"odd operation":      {map[string]string{"a/b": meta("#   match: {groups: [\"\"], kinds: [Pod], operations: [PATCH]}\n")}, `"PATCH" is none of`},
		"misspelled field":   {map[string]string{"a/b": meta("#   matches: {}\n")}, `unknown field "matches"`},
		"no output":          {map[string]string{"a/b": "package a.b\n\nallow if true\n"}, "a/b/rule.rego:6: has none of deny, warn, mutate, demand"},
		"complete deny":      {map[string]string{"a/b": "package a.b\n\ndeny := \"no\"\n"}, "a/b/rule.rego:8: write `deny contains ...`"},
		"deny as a object":   {map[string]string{"a/b": "package a.b\n\ndeny[\"x\"] := \"no\"\n"}, "write `deny contains ...`"},
		"deny as function":   {map[string]string{"a/b": "package a.b\n\ndeny(_) := true\n"}, "write `deny contains ...`"},
		"demand as a set":    {map[string]string{"a/b": "package a.b\n\ndemand contains \"sessions\"\n"}, "write demand[dimension] := amount"},
		"default demand":     {map[string]string{"a/b": "package a.b\n\ndefault demand := {}\n"}, "write demand[dimension] := amount"},
		"forbidden":          {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if http.send({}).ok\n"}, "a/b/rule.rego:8: rego_type_error: undefined function http.send"},
		"forbidden by alias": {map[string]string{"a/b": "package a.b\n\nask(x) := http.send(x)\n\ndeny contains \"no\" if ask({}).ok\n"}, "undefined function http.send"},
		"forbidden by with":  {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if count([]) == 0 with count as http.send\n"}, "a/b/rule.rego:8:"},
		"the clock":          {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if time.now_ns() > 0\n"}, "undefined function time.now_ns"},
		"shifting bits":      {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if bits.lsh(1, 4000000000) > 0\n"}, "undefined function bits.lsh"},
		"printing":           {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if print(input.caller)\n"}, "a/b/rule.rego:8: rego_type_error: undefined function internal.print"},
		"input misspelled":   {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if input.caller.rlation == \"x\"\n"}, "a/b/rule.rego:8: rego_type_error: undefined ref: input.caller.rlation"},
		"input as a whole":   {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if object.get(input, \"caller\", null) == null\n"}, "a/b/rule.rego:8: input as a whole"},
		"input by a name":    {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if {\n\tsome k\n\tinput[k]\n}\n"}, "input[...]: name the field"},
		"other policy":       {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if count(data.a.c.deny) > 0\n", "a/c": "package a.c\n\ndeny contains \"no\"\n"}, "a/b/rule.rego:8: data.a.c.deny: a policy may read its own package"},
		"nobody's data":      {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if data.inventry.x\n"}, "data.inventry.x: a policy may read"},
		"missing library":    {map[string]string{"a/b": "package a.b\n\nimport data.lib.text\n\ndeny contains \"no\" if text.x\n"}, "data.lib.text.x: there is no such rule"},
		"all data":           {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if data[_]\n"}, "rego_recursion_error"},
		"recursion":          {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if count(deny) > 0\n"}, "rego_recursion_error"},
		"unused variable":    {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if {\n\tx := 1\n}\n"}, "a/b/rule.rego:9: rego_compile_error: assigned var x unused"},
		"no such parameter":  {map[string]string{"a/b": "package a.b\n\ndeny contains \"no\" if input.parameters.x\n"}, "a/b/rule.rego:8: rego_type_error: undefined ref: input.parameters.x"},
		"library's package":  {map[string]string{"a/b": ok, "lib/x.rego": "package lib.y\n\nf := 1\n"}, "lib/x.rego:1: package lib.y: the folder demands lib.x"},
		"library's wish":     {map[string]string{"a/b": ok, "lib/x.rego": "package lib.x\n\nf := input.parameters.y\n"}, "input.parameters belongs to a policy's own rule.rego"},
		"too large":          {map[string]string{"a/b": ok + "# " + strings.Repeat("x", maxModule)}, "at most 262144"},
		"empty":              {map[string]string{"a/b/rule.rego": "", "a/b/rule_test.rego": ok}, "a/b/rule.rego"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(context.Background(), Options{Policies: set(t, tt.files), NoCanary: true})
			if err == nil {
				t.Fatal("compiled")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestRefusedOptions(t *testing.T) {
	files := set(t, map[string]string{"a/b": strings.Replace(everything, "#   match", "#   parameters: {names: [x], most: 3}\n#   match", 1) +
		"package a.b\n\ndeny contains \"no\" if input.caller.role in input.parameters.names\n"})
	without := func(name string) fstest.MapFS {
		out := fstest.MapFS{}
		for key, file := range files {
			if key != name {
				out[key] = file
			}
		}
		return out
	}
	tests := map[string]struct {
		options Options
		want    string
	}{
		"no files":             {Options{}, "no policies given"},
		"no allow-list":        {Options{Policies: without(capabilitiesFile)}, "the allow-list of built-ins is missing"},
		"odd allow-list":       {Options{Policies: files, Capabilities: []byte("[")}, capabilitiesFile},
		"no schema":            {Options{Policies: without(schemaFile)}, "no schemas/input.json"},
		"unknown policy":       {Options{Policies: files, Enforcement: map[string]v1alpha1.Enforcement{"a/x": "off"}}, "a/x: enforcement is set for a policy that is not there"},
		"unknown enforcement":  {Options{Policies: files, Enforcement: map[string]v1alpha1.Enforcement{"a/b": "maybe"}}, `enforcement "maybe"`},
		"parameters for none":  {Options{Policies: files, Parameters: map[string]map[string]any{"a/x": {}}}, "a/x: parameters are set"},
		"unknown parameter":    {Options{Policies: files, Parameters: map[string]map[string]any{"a/b": {"nmaes": []string{"x"}}}}, `parameter "nmaes" is unknown`},
		"parameter's type":     {Options{Policies: files, Parameters: map[string]map[string]any{"a/b": {"names": "x"}}}, `parameter "names": want a list`},
		"inside the parameter": {Options{Policies: files, Parameters: map[string]map[string]any{"a/b": {"names": []any{"x", 7}}}}, `parameter "names": [1]: want a string`},
		"no canary":            {Options{Policies: files}, "canary was not denied: isolation/tenant-membership let it pass"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.options.NoCanary = name != "no canary"
			_, err := Compile(context.Background(), tt.options)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestCanary breaks the rule that must deny it.
func TestCanary(t *testing.T) {
	lame := map[string]string{"isolation/tenant-membership": "package isolation[\"tenant-membership\"]\n\ndeny contains \"no\" if input.caller.relation == \"foe\"\n"}
	_, err := Compile(context.Background(), Options{Policies: set(t, lame)})
	if !errors.Is(err, ErrCanary) {
		t.Errorf("got %v, want %v", err, ErrCanary)
	}
	files := set(t, nil)
	for _, folder := range []string{"lib", "isolation/tenant-membership"} {
		err := fs.WalkDir(policies.FS, folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := fs.ReadFile(policies.FS, name)
			files[name] = &fstest.MapFile{Data: raw}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range []v1alpha1.Enforcement{"deny", "warn", "audit", "off"} {
		o := Options{Policies: files, Enforcement: map[string]v1alpha1.Enforcement{"isolation/tenant-membership": e}}
		if _, err := Compile(context.Background(), o); err != nil {
			t.Errorf("%s: %v", e, err)
		}
	}
}

func TestProblemsAreAllNamed(t *testing.T) {
	_, err := Compile(context.Background(), Options{NoCanary: true, Policies: set(t, map[string]string{
		"a/b": "package a.x\n\ndeny contains \"no\"\n",
		"a/c": "package a.y\n\ndeny contains \"no\"\n",
	})})
	var list *CompileError
	if !errors.As(err, &list) || len(list.Problems) != 2 {
		t.Fatalf("got %v, want two problems", err)
	}
	if got := list.Problems[1].File; got != "a/c/rule.rego" {
		t.Errorf("second problem is of %s", got)
	}
}
