package chart

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// placeholders stand for template actions while objects are written as YAML, which would
// quote the actions.
type placeholders struct{ actions []action }

// action is one template action.
type action struct {
	text string
	// block says that the action makes several lines, which go below their key.
	block bool
	// literal says that the lines are one string.
	literal bool
}

// value is an action that makes a scalar or a part of one.
func (p *placeholders) value(text string) string { return p.add(action{text: text}) }

// block is an action that makes YAML of several lines.
func (p *placeholders) block(text string) string { return p.add(action{text: text, block: true}) }

// literal is an action that makes one string of several lines.
func (p *placeholders) literal(text string) string {
	return p.add(action{text: text, block: true, literal: true})
}

func (p *placeholders) add(a action) string {
	p.actions = append(p.actions, a)
	return fmt.Sprintf("@@%d@@", len(p.actions)-1)
}

var (
	blockLine   = regexp.MustCompile(`(?m)^( *)([^\n]*?): '@@(\d+)@@'$`)
	placeholder = regexp.MustCompile(`'?@@(\d+)@@'?`)
)

// write writes an object as YAML with its placeholders filled in.
func (p *placeholders) write(object map[string]any) (string, error) {
	data, err := yaml.Marshal(object)
	if err != nil {
		return "", err
	}
	text := string(data)
	if strings.Contains(text, "{{") {
		return "", fmt.Errorf("%v holds {{, which a template would read as an action", object["kind"])
	}
	text = blockLine.ReplaceAllStringFunc(text, func(line string) string {
		m := blockLine.FindStringSubmatch(line)
		a := p.actions[number(m[3])]
		if !a.block {
			return line
		}
		mark := ""
		if a.literal {
			mark = "|"
		}
		return fmt.Sprintf("%s%s: %s{{- %s | nindent %d }}", m[1], m[2], mark, a.text, len(m[1])+2)
	})
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		return "{{ " + p.actions[number(placeholder.FindStringSubmatch(match)[1])].text + " }}"
	}), nil
}

// number reads a placeholder's digits, which the expression has already checked.
func number(digits string) int {
	n := 0
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n
}
