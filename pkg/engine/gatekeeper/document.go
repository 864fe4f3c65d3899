package gatekeeper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/open-policy-agent/opa/v1/ast"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// Document is one object, and where it was read.
type Document struct {
	// File and Index, counted from 1; empty and 0 for an object of the API.
	File  string
	Index int
	// Line is where the document begins.
	Line int
	// Object holds plain JSON values, whole numbers as int64.
	Object map[string]any
	// texts gives the line of a block scalar's first line, by path.
	texts map[string]int
}

// maxFile is the longest file read.
const maxFile = 16 << 20

// Decode reads the documents of YAML or JSON, in the dialect that Gatekeeper's own tools
// read: YAML 1.2's core, in which yes, no, on and off are strings. Empty documents are
// passed over; the index counts them all the same.
func Decode(file string, raw []byte) ([]Document, error) {
	if len(raw) > maxFile {
		return nil, Problem{File: file, Text: fmt.Sprintf("%d bytes, at most %d", len(raw), maxFile)}
	}
	var out []Document
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	for index := 1; ; index++ {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, Problem{File: file, Document: index, Text: err.Error()}
		}
		doc, err := document(&node)
		if err != nil {
			return nil, Problem{File: file, Document: index, Line: node.Line, Text: err.Error()}
		}
		if doc == nil {
			continue
		}
		doc.File, doc.Index = file, index
		out = append(out, *doc)
	}
}

// document gives nil for an empty document.
func document(node *yaml.Node) (*Document, error) {
	var content any
	if err := node.Decode(&content); err != nil {
		return nil, err
	}
	if content == nil {
		return nil, nil
	}
	object, err := plain(content)
	if err != nil {
		return nil, err
	}
	doc := &Document{Object: object, Line: node.Line, texts: map[string]int{}}
	if len(node.Content) > 0 {
		doc.Line = node.Content[0].Line
		findTexts(node.Content[0], "", doc.texts)
	}
	return doc, nil
}

// FromObject wraps an object that was read elsewhere.
func FromObject(object map[string]any) Document { return Document{Object: object} }

// plain brings what YAML decodes to into the types of JSON.
func plain(content any) (map[string]any, error) {
	content, err := stringKeys(content)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("not an object: %w", err)
	}
	return object, nil
}

// stringKeys makes strings of the keys that YAML reads as numbers or booleans.
func stringKeys(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			fixed, err := stringKeys(item)
			if err != nil {
				return nil, err
			}
			v[key] = fixed
		}
		return v, nil
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			switch key.(type) {
			case string, int, int64, uint64, float64, bool:
			default:
				return nil, fmt.Errorf("a key is %T, not a string", key)
			}
			name := fmt.Sprint(key)
			if _, taken := out[name]; taken {
				return nil, fmt.Errorf("key %q is there twice", name)
			}
			fixed, err := stringKeys(item)
			if err != nil {
				return nil, err
			}
			out[name] = fixed
		}
		return out, nil
	case []any:
		for i, item := range v {
			fixed, err := stringKeys(item)
			if err != nil {
				return nil, err
			}
			v[i] = fixed
		}
	}
	return v, nil
}

// findTexts notes where block scalars begin, so that a line of the Rego in one can be
// named as a line of the file.
func findTexts(node *yaml.Node, at string, found map[string]int) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if at != "" {
				name = at + "." + name
			}
			findTexts(node.Content[i+1], name, found)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			findTexts(item, fmt.Sprintf("%s[%d]", at, i), found)
		}
	case yaml.ScalarNode:
		if node.Style&yaml.LiteralStyle != 0 {
			found[at] = node.Line + 1
		}
	}
}

// at words a problem of the document.
func (d Document) at(field, format string, args ...any) Problem {
	return Problem{File: d.File, Document: d.Index, Line: d.Line, Object: d.describe(), Field: field, Text: fmt.Sprintf(format, args...)}
}

// inText words a problem in a line of a text, counted from 1.
func (d Document) inText(field string, line int, text string) Problem {
	p := d.at(field, "%s", text)
	switch first, known := d.texts[field]; {
	case d.File == "" || line < 1:
		p.Line = line
	case known:
		p.Line = first + line - 1
	default:
		p.Field = fmt.Sprintf("%s:%d", field, line)
	}
	return p
}

// describe reads <kind>/<name>.
func (d Document) describe() string {
	kind, name := d.text("kind"), d.text("metadata", "name")
	if kind == "" {
		return ""
	}
	return kind + "/" + name
}

// text follows a path of keys to a string, or to nothing.
func (d Document) text(path ...string) string {
	var v any = d.Object
	for _, key := range path {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	s, _ := v.(string)
	return s
}

// Group is the object's API group.
func (d Document) Group() string { return d.version().Group }

// Value is the object in the engine's form.
func (d Document) Value() (ast.Value, error) {
	value, err := ast.InterfaceToValue(d.Object)
	if err != nil {
		return nil, fmt.Errorf("read the object: %w", err)
	}
	return value, nil
}

// version parts the object's apiVersion.
func (d Document) version() schema.GroupVersion {
	gv, err := schema.ParseGroupVersion(d.text("apiVersion"))
	if err != nil {
		return schema.GroupVersion{}
	}
	return gv
}
