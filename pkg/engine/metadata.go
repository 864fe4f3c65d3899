package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/review"
)

// Match says which reviews a policy looks at: every combination of its groups, kinds
// and operations; "*" stands for all.
type Match struct {
	Groups     []string `json:"groups"`
	Kinds      []string `json:"kinds"`
	Operations []string `json:"operations"`
}

const wildcard = "*"

func (m Match) fits(group, kind, operation string) bool {
	return has(m.Groups, group) && has(m.Kinds, kind) && has(m.Operations, operation)
}

func has(list []string, value string) bool {
	return slices.Contains(list, wildcard) || slices.Contains(list, value)
}

// orAll fills empty lists with the wildcard.
func (m Match) orAll() Match {
	for _, list := range []*[]string{&m.Groups, &m.Kinds, &m.Operations} {
		if len(*list) == 0 {
			*list = []string{wildcard}
		}
	}
	return m
}

func (m Match) validate() error {
	for _, part := range []struct {
		name string
		list []string
	}{{"groups", m.Groups}, {"kinds", m.Kinds}, {"operations", m.Operations}} {
		if len(part.list) == 0 {
			return fmt.Errorf("custom.match.%s is missing or empty; write [\"*\"] for all", part.name)
		}
	}
	for _, op := range m.Operations {
		switch review.Operation(op) {
		case review.Create, review.Update, review.Delete, review.Connect, wildcard:
		default:
			return fmt.Errorf("custom.match.operations: %q is none of CREATE, UPDATE, DELETE, CONNECT, *", op)
		}
	}
	return nil
}

// metadata is what a policy says of itself above its package line.
type metadata struct {
	title, description string
	match              Match
	parameters         map[string]any
}

// readMetadata takes the package's METADATA, strictly: what it does not know in custom
// is a misspelling.
func readMetadata(module *ast.Module) (metadata, int, error) {
	var found *ast.Annotations
	for _, a := range module.Annotations {
		if a.Scope == "package" {
			if found != nil {
				return metadata{}, row(a.Location), fmt.Errorf("METADATA of the package is there twice")
			}
			found = a
		}
	}
	line := row(module.Package.Location)
	if found == nil {
		return metadata{}, line, fmt.Errorf("no METADATA above the package line")
	}
	line = row(found.Location)
	out := metadata{title: found.Title, description: found.Description}
	if out.title == "" || out.description == "" {
		return out, line, fmt.Errorf("METADATA needs a title and a description")
	}
	raw, err := json.Marshal(found.Custom)
	if err != nil {
		return out, line, fmt.Errorf("METADATA custom: %w", err)
	}
	var custom struct {
		Match      Match          `json:"match"`
		Parameters map[string]any `json:"parameters"`
	}
	if err := strictJSON(raw, &custom); err != nil {
		return out, line, fmt.Errorf("METADATA custom: %w", err)
	}
	if err := custom.Match.validate(); err != nil {
		return out, line, err
	}
	out.match, out.parameters = custom.Match, custom.Parameters
	return out, line, nil
}

func row(l *ast.Location) int {
	if l == nil {
		return 0
	}
	return l.Row
}
