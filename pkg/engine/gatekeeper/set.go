package gatekeeper

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Set is a number of templates and the constraints made of them. It never changes. The
// zero Set is empty.
type Set struct {
	templates   map[string]*Template
	constraints []*Constraint
	digest      string
}

// maxConstraints bounds a set.
const maxConstraints = 10000

// New makes a set of ConstraintTemplates and Constraints, in any order. What was
// compiled for an equal template of previous, which may be nil, is taken over. Errors
// are Problems, with all that is wrong.
func New(docs []Document, previous *Set) (*Set, error) {
	known := map[string]*Template{}
	if previous != nil {
		for _, t := range previous.templates {
			known[t.digest] = t
		}
	}
	b := &builder{set: &Set{templates: map[string]*Template{}}, known: known, rules: map[string]bool{}}
	for _, doc := range docs {
		if doc.IsTemplate() {
			b.template(doc)
		}
	}
	for _, doc := range docs {
		switch {
		case doc.IsConstraint():
			b.constraint(doc)
		case !doc.IsTemplate():
			b.bad = append(b.bad, doc.at("", "neither a %s nor a constraint of group %s", TemplateKind, ConstraintGroup))
		}
	}
	if len(b.set.constraints) > maxConstraints {
		b.bad = append(b.bad, Problem{Text: fmt.Sprintf("%d constraints, at most %d", len(b.set.constraints), maxConstraints)})
	}
	if err := b.bad.orNil(); err != nil {
		return nil, err
	}
	return b.set.finish(), nil
}

// Single makes a set of one constraint of a template that is compiled already.
func Single(t *Template, doc Document) (*Set, error) {
	c, err := t.NewConstraint(doc)
	if err != nil {
		return nil, err
	}
	s := &Set{templates: map[string]*Template{t.Kind: t}, constraints: []*Constraint{c}}
	return s.finish(), nil
}

type builder struct {
	set   *Set
	known map[string]*Template
	rules map[string]bool
	bad   Problems
}

func (b *builder) take(err error) bool {
	if err == nil {
		return true
	}
	if list, ok := err.(Problems); ok { //nolint:errorlint // ours, never wrapped
		b.bad = append(b.bad, list...)
		return false
	}
	b.bad = append(b.bad, Problem{Text: err.Error()})
	return false
}

func (b *builder) template(doc Document) {
	t, err := newTemplate(doc, b.known)
	if !b.take(err) {
		return
	}
	if other, taken := b.set.templates[t.Kind]; taken {
		b.bad = append(b.bad, doc.at("", "kind %s is made by %s already", t.Kind, other.doc.describe()))
		return
	}
	b.set.templates[t.Kind] = t
}

func (b *builder) constraint(doc Document) {
	t, ok := b.set.templates[doc.text("kind")]
	if !ok {
		b.bad = append(b.bad, doc.at("kind", "there is no template of kind %s", doc.text("kind")))
		return
	}
	c, err := t.NewConstraint(doc)
	if !b.take(err) {
		return
	}
	if b.rules[c.Rule] {
		b.bad = append(b.bad, doc.at("metadata.name", "is there twice"))
		return
	}
	b.rules[c.Rule] = true
	b.set.constraints = append(b.set.constraints, c)
}

func (s *Set) finish() *Set {
	slices.SortFunc(s.constraints, func(a, b *Constraint) int { return strings.Compare(a.Rule, b.Rule) })
	var parts []any
	for _, kind := range slices.Sorted(maps.Keys(s.templates)) {
		parts = append(parts, s.templates[kind].digest)
	}
	for _, c := range s.constraints {
		parts = append(parts, c.Rule, c.spec)
	}
	s.digest = digestOf(parts...)
	return s
}

// Templates are sorted by kind.
func (s *Set) Templates() []*Template {
	var out []*Template
	for _, kind := range slices.Sorted(maps.Keys(s.templates)) {
		out = append(out, s.templates[kind])
	}
	return out
}

// Template finds one by the kind of its constraints, nil if there is none.
func (s *Set) Template(kind string) *Template { return s.templates[kind] }

// Constraints are sorted by rule.
func (s *Set) Constraints() []*Constraint { return s.constraints }

// Documents are what the set was made of.
func (s *Set) Documents() []Document {
	var out []Document
	for _, t := range s.Templates() {
		out = append(out, t.doc)
	}
	for _, c := range s.constraints {
		out = append(out, c.doc)
	}
	return out
}

// Digest names templates, constraints and all that is set in them; a set is empty when
// it has no constraints, whatever its digest.
func (s *Set) Digest() string { return s.digest }
