package policies_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/policies"
)

var update = flag.Bool("update", false, "write capabilities.json and README.md anew")

// forbidden are built-ins, or beginnings of their names, that no policy may ever call:
// they reach out, tell time or chance, write somewhere, or take time or memory without
// end and past every deadline.
var forbidden = []string{
	"http.", "net.lookup", "net.cidr_expand", "net.cidr_merge", "opa.", "rand.", "uuid.", "io.jwt", "providers.",
	"rego.", "json.match_schema", "json.verify_schema", "graph", "graphql.", "numbers.range", "bits.", "product",
	"regex.globs_match", "regex.template_match", "strings.render_template", "yaml.", "crypto.x509", "crypto.parse",
	"crypto.hmac", "crypto.md5", "crypto.sha1", "print", "internal.print", "trace", "walk", "time.now", "time.format",
	"json.patch", "hex.", "urlquery.", "base64url.", "object.walk", "future.",
}

func readAllowed(t *testing.T) ast.Capabilities {
	t.Helper()
	raw, err := policies.FS.ReadFile("capabilities.json")
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := ast.LoadCapabilitiesJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return *allowed
}

// TestNothingDangerousIsAllowed holds the allow-list against what must stay out.
func TestNothingDangerousIsAllowed(t *testing.T) {
	allowed := readAllowed(t)
	if allowed.AllowNet == nil || len(allowed.AllowNet) != 0 {
		t.Errorf("allow_net is %v, want it empty, not missing", allowed.AllowNet)
	}
	if len(allowed.Builtins) < 40 {
		t.Errorf("only %d built-ins were read", len(allowed.Builtins))
	}
	for _, b := range allowed.Builtins {
		if b.Nondeterministic {
			t.Errorf("%s is not deterministic", b.Name)
		}
		for _, name := range forbidden {
			if strings.HasPrefix(b.Name, name) {
				t.Errorf("%s is forbidden", b.Name)
			}
		}
	}
}

// TestAllowListFitsThisOPA wants every built-in declared as this OPA declares it; with
// -update the file is written anew for the names that are in it.
func TestAllowListFitsThisOPA(t *testing.T) {
	allowed := readAllowed(t)
	current := map[string]*ast.Builtin{}
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		current[b.Name] = b
	}
	var lines []string
	for _, b := range allowed.Builtins {
		now, ok := current[b.Name]
		if !ok {
			t.Errorf("%s: this OPA has no such built-in", b.Name)
			continue
		}
		line := declaration(t, now)
		lines = append(lines, line)
		if got := declaration(t, b); got != line {
			t.Errorf("%s changed; run go test ./policies -update\n got %s\nwant %s", b.Name, got, line)
		}
	}
	slices.Sort(lines)
	want := fmt.Sprintf("{\n  \"builtins\": [\n    %s\n  ],\n  \"features\": [\"keywords_in_refs\", \"rego_v1\"],\n  \"allow_net\": []\n}\n",
		strings.Join(slices.Compact(lines), ",\n    "))
	if *update {
		if err := os.WriteFile("capabilities.json", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := policies.FS.ReadFile("capabilities.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != want {
		t.Error("capabilities.json is not as written by go test ./policies -update")
	}
}

// declaration writes a built-in on one line, without its prose.
func declaration(t *testing.T, b *ast.Builtin) string {
	t.Helper()
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	short := map[string]any{}
	for _, key := range []string{"name", "infix", "relation", "nondeterministic", "decl"} {
		if v, ok := all[key]; ok && !reflect.ValueOf(v).IsZero() {
			short[key] = withoutProse(v)
		}
	}
	raw, err = json.Marshal(short)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func withoutProse(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if _, typed := v["type"]; key == "description" || (key == "name" && typed) {
				continue
			}
			out[key] = withoutProse(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withoutProse(v[i])
		}
		return out
	}
	return v
}
