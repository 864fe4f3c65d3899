package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// misplanned finds what OPA's planner gets wrong.
func misplanned(modules map[string]*ast.Module) error {
	files := slices.Sorted(maps.Keys(modules))
	inner := namespaces{}
	for _, file := range files {
		inner.add(modules[file])
	}
	for _, file := range files {
		for _, rule := range modules[file].Rules {
			if oddHead(rule) {
				return fmt.Errorf("%s: the head %s has a key that is no text, and more after it", file, rule.Head.Ref())
			}
		}
		if ref := inner.denied(modules[file]); ref != nil {
			return fmt.Errorf("%s: not over %s, which names a rule by a value", file, ref)
		}
	}
	return nil
}

// oddHead reports a constant that is no text in a head, as in ok[1] contains x: where nothing holds, the
// object around it lacks what it should have.
func oddHead(rule *ast.Rule) bool {
	parts := rule.Head.Ref()
	if rule.Head.RuleKind() == ast.SingleValue && len(parts) > 0 {
		parts = parts[:len(parts)-1]
	}
	for _, t := range parts[min(1, len(parts)):] {
		if _, isText := t.Value.(ast.String); !isText && t.IsGround() {
			return true
		}
	}
	return false
}

// namespaces are the paths that lead to rules and are none themselves, each with the names of what stands
// in it.
type namespaces map[string]map[string]bool

func (p namespaces) add(m *ast.Module) {
	for _, rule := range m.Rules {
		path := append(slices.Clone(m.Package.Path), rule.Head.Ref()...)
		path[len(m.Package.Path)] = ast.StringTerm(firstName(rule))
		texts, _ := ground(path[1:])
		for i := range texts {
			at := strings.Join(texts[:i], "/")
			if p[at] == nil {
				p[at] = map[string]bool{}
			}
			p[at][texts[i]] = true
		}
	}
}

func firstName(rule *ast.Rule) string {
	name, _ := rule.Head.Ref()[0].Value.(ast.Var)
	return string(name)
}

// ground are the texts that a path begins with; ends says that there is nothing else.
func ground(path ast.Ref) (texts []string, ends bool) {
	for _, t := range path {
		text, ok := t.Value.(ast.String)
		if !ok {
			return texts, false
		}
		texts = append(texts, string(text))
	}
	return texts, true
}

// denied finds a reference within a not that goes through rules by a value, as not data.lib[name]: OPA's
// planner then looks at base documents alone, where some rules have names of several parts or are
// functions.
func (p namespaces) denied(m *ast.Module) (found ast.Ref) {
	ast.WalkExprs(m, func(e *ast.Expr) bool {
		if !e.Negated {
			return found != nil
		}
		ast.WalkRefs(e, func(r ast.Ref) bool {
			if path, ours := p.resolve(m, r); ours && found == nil {
				if texts, ends := ground(path); !ends && p[strings.Join(texts, "/")] != nil {
					found = r
				}
			}
			return found != nil
		})
		return found != nil
	})
	return found
}

// resolve is a reference below data, if it is one: by its name, by an import, or by a rule's name.
func (p namespaces) resolve(m *ast.Module, r ast.Ref) (ast.Ref, bool) {
	head, ok := r[0].Value.(ast.Var)
	if !ok {
		return nil, false
	}
	if head == ast.DefaultRootDocument.Value.(ast.Var) {
		return r[1:], true
	}
	for _, i := range m.Imports {
		if path, ok := i.Path.Value.(ast.Ref); ok && i.Name() == head && path.HasPrefix(ast.DefaultRootRef) {
			return append(slices.Clone(path[1:]), r[1:]...), true
		}
	}
	own, _ := ground(m.Package.Path[1:])
	if p[strings.Join(own, "/")][string(head)] {
		return append(append(slices.Clone(m.Package.Path[1:]), ast.StringTerm(string(head))), r[1:]...), true
	}
	return nil, false
}
