package gatekeeper

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const wildcard = "*"

// The sources of an object, and the scopes of a kind.
const (
	SourceAll       = "All"
	SourceOriginal  = "Original"
	SourceGenerated = "Generated"

	scopeCluster    = "Cluster"
	scopeNamespaced = "Namespaced"
)

// Match says which objects a constraint looks at: those that fit every part that is
// there.
type Match struct {
	Source             string                `json:"source,omitempty"`
	Scope              string                `json:"scope,omitempty"`
	Kinds              []Kinds               `json:"kinds,omitempty"`
	Namespaces         []string              `json:"namespaces,omitempty"`
	ExcludedNamespaces []string              `json:"excludedNamespaces,omitempty"`
	Name               string                `json:"name,omitempty"`
	LabelSelector      *metav1.LabelSelector `json:"labelSelector,omitempty"`
	NamespaceSelector  *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	labels, namespaceLabels labels.Selector
}

// Kinds are all combinations of groups and kinds; an empty list stands for all.
type Kinds struct {
	APIGroups []string `json:"apiGroups,omitempty"`
	Kinds     []string `json:"kinds,omitempty"`
}

// prepare reads the selectors.
func (m *Match) prepare() error {
	for _, s := range []struct {
		field string
		from  *metav1.LabelSelector
		to    *labels.Selector
	}{{"labelSelector", m.LabelSelector, &m.labels}, {"namespaceSelector", m.NamespaceSelector, &m.namespaceLabels}} {
		if s.from == nil {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(s.from)
		if err != nil {
			return fmt.Errorf("%s: %w", s.field, err)
		}
		*s.to = selector
	}
	return nil
}

// Subject is what one review is about, as far as matching looks.
type Subject struct {
	// Objects are the new and the old one, those of them that are there. One that fits
	// is enough.
	Objects []Object
	// Namespace is the request's, empty for what has none; NamespaceLabels are nil where
	// nobody knows them.
	Namespace       string
	NamespaceLabels labels.Labels
	// Generated is set for what an expansion made.
	Generated bool
}

// Object is one object's identity.
type Object struct {
	Group, Kind, Namespace, Name, GenerateName string
	Labels                                     labels.Labels
}

func (o Object) isNamespace() bool { return o.Group == "" && o.Kind == "Namespace" }

// ErrNamespace says that a namespace's labels decide and are not known.
var ErrNamespace = errors.New("the labels of the namespace are not known")

// Fits reports whether a constraint looks at a review. An error means that nobody can
// tell.
func (m *Match) Fits(s *Subject) (bool, error) {
	for i := range s.Objects {
		fits, err := m.fits(s, &s.Objects[i])
		if fits || err != nil {
			return fits, err
		}
	}
	return false, nil
}

func (m *Match) fits(s *Subject, o *Object) (bool, error) {
	namespace := o.Namespace
	if namespace == "" && !o.isNamespace() {
		namespace = s.Namespace
	}
	if !m.fitsKind(o) || !m.fitsScope(o, namespace) || !m.FitsNamespace(place(o, namespace)) || !m.fitsName(o) || !m.fitsSource(s.Generated) {
		return false, nil
	}
	if m.labels != nil && !m.labels.Matches(o.Labels) {
		return false, nil
	}
	switch {
	case m.namespaceLabels == nil:
		return true, nil
	case o.isNamespace():
		return m.namespaceLabels.Matches(o.Labels), nil
	case namespace == "":
		return true, nil
	case s.NamespaceLabels == nil:
		return false, fmt.Errorf("%w: %s", ErrNamespace, namespace)
	}
	return m.namespaceLabels.Matches(s.NamespaceLabels), nil
}

// place is the namespace that an object lies in or, if it is one, its name.
func place(o *Object, namespace string) string {
	if o.isNamespace() {
		return o.Name
	}
	return namespace
}

func (m *Match) fitsKind(o *Object) bool {
	if len(m.Kinds) == 0 {
		return true
	}
	for _, k := range m.Kinds {
		if one(k.Kinds, o.Kind) && one(k.APIGroups, o.Group) {
			return true
		}
	}
	return false
}

// one finds a name in a list, in which an empty one and * stand for all.
func one(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name) || slices.Contains(list, wildcard)
}

func (m *Match) fitsScope(o *Object, namespace string) bool {
	inNamespace := namespace != "" && !o.isNamespace()
	switch m.Scope {
	case scopeCluster:
		return !inNamespace
	case scopeNamespaced:
		return inNamespace
	}
	return true
}

// FitsNamespace looks at a namespace's name alone; what lies in none fits.
func (m *Match) FitsNamespace(namespace string) bool {
	if namespace == "" {
		return true
	}
	if len(m.Namespaces) > 0 && !anyGlob(m.Namespaces, namespace) {
		return false
	}
	return !anyGlob(m.ExcludedNamespaces, namespace)
}

func (m *Match) fitsName(o *Object) bool {
	if m.Name == "" || glob(m.Name, o.Name) {
		return true
	}
	// A name that is still to be made is known as far as its prefix.
	return o.GenerateName != "" && strings.HasSuffix(m.Name, wildcard) && glob(m.Name, o.GenerateName)
}

func (m *Match) fitsSource(generated bool) bool {
	switch m.Source {
	case SourceOriginal:
		return !generated
	case SourceGenerated:
		return generated
	}
	return true
}

func anyGlob(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, name) })
}

// glob knows * at the beginning, at the end, or at both.
func glob(pattern, name string) bool {
	rest, before := strings.CutPrefix(pattern, wildcard)
	rest, behind := strings.CutSuffix(rest, wildcard)
	switch {
	case before && behind:
		return strings.Contains(name, rest)
	case before:
		return strings.HasSuffix(name, rest)
	case behind:
		return strings.HasPrefix(name, rest)
	}
	return pattern == name
}
