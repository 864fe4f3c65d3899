package policies_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/policies"
)

// field is what a page needs of a JSON schema.
type field struct {
	Description string           `json:"description"`
	Type        any              `json:"type"`
	Enum        []any            `json:"enum"`
	Properties  map[string]field `json:"properties"`
	Items       *field           `json:"items"`
}

// TestInputPage holds the reference of the input to the schema that rules compile
// against.
func TestInputPage(t *testing.T) {
	raw, err := fs.ReadFile(policies.FS, "schemas/input.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema field
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| field | type | what it is |\n|---|---|---|\n")
	schema.write(&b, "input")
	section(t, "../docs/policies.md", "input", b.String())
}

func (f field) write(b *strings.Builder, path string) {
	names := make([]string, 0, len(f.Properties))
	for name := range f.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := f.Properties[name]
		at := path + "." + name
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", at, p.typeName(), p.text())
		p.write(b, at)
		if p.Items != nil {
			p.Items.write(b, at+"[]")
		}
	}
}

func (f field) typeName() string {
	switch name := f.Type.(type) {
	case nil:
		return "any"
	case string:
		if f.Items != nil && f.Items.Type != nil {
			return fmt.Sprintf("%s of %v", name, f.Items.Type)
		}
		return name
	case []any:
		parts := make([]string, len(name))
		for i, part := range name {
			parts[i] = fmt.Sprint(part)
		}
		return strings.Join(parts, " or ")
	}
	return fmt.Sprint(f.Type)
}

func (f field) text() string {
	text := strings.ReplaceAll(f.Description, "|", "\\|")
	if len(f.Enum) > 0 {
		values := make([]string, len(f.Enum))
		for i, v := range f.Enum {
			values[i] = fmt.Sprintf("`%v`", v)
		}
		text = strings.TrimSpace(text + " One of " + strings.Join(values, ", ") + ".")
	}
	return text
}
