package gatekeeper

import (
	"fmt"
	"strings"
)

// Problem is one reason why a template or a constraint cannot be used.
type Problem struct {
	// File and Document, counted from 1, are where it was read; empty and 0 for an
	// object that came from nowhere in particular.
	File     string `json:"file,omitempty"`
	Document int    `json:"document,omitempty"`
	// Line is the file's, or that of the text in Field where there is no file.
	Line int `json:"line,omitempty"`
	// Object is <kind>/<name>.
	Object string `json:"object,omitempty"`
	// Field is the path of the part at fault.
	Field string `json:"field,omitempty"`
	Text  string `json:"text"`
}

// Error reads <file>:<line>: document <n>: <object>: <field>: <text>, without what is
// not known; without a file the line stands behind the field.
func (p Problem) Error() string {
	var parts []string
	field := p.Field
	switch {
	case p.File != "" && p.Line > 0:
		parts = append(parts, fmt.Sprintf("%s:%d", p.File, p.Line))
	case p.File != "":
		parts = append(parts, p.File)
	case p.Line > 0:
		field = fmt.Sprintf("%s:%d", field, p.Line)
	}
	if p.Document > 1 {
		parts = append(parts, fmt.Sprintf("document %d", p.Document))
	}
	for _, part := range []string{p.Object, field, p.Text} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Problems are all reasons that were found.
type Problems []Problem

// Error gives one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// orNil is nil where there is no problem.
func (p Problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
