package cli

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"
)

// objectLines gives the line at which each object of YAML or JSON begins, with Lists
// taken apart as manifest.Decode does, or nothing where that cannot be told.
func objectLines(raw []byte) []int {
	var lines []int
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return lines
		}
		if len(document.Content) == 0 {
			continue
		}
		root := document.Content[0]
		if root.Kind != yaml.MappingNode || len(root.Content) == 0 {
			continue
		}
		if items := fieldOf(root, "items"); items != nil && items.Kind == yaml.SequenceNode {
			for _, item := range items.Content {
				lines = append(lines, item.Line)
			}
			continue
		}
		lines = append(lines, root.Line)
	}
}

// foreign reports whether a file is well-formed YAML or JSON and none of its documents
// claims to be an object.
func foreign(raw []byte) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			return false
		}
		if len(document.Content) > 0 && fieldOf(document.Content[0], "apiVersion") != nil && fieldOf(document.Content[0], "kind") != nil {
			return false
		}
	}
}

// fieldOf finds a mapping's value.
func fieldOf(node *yaml.Node, name string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}
