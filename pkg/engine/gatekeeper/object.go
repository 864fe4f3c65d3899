package gatekeeper

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ObjectOf reads an object's identity in place. What is absent or of another type reads
// as empty.
func ObjectOf(value ast.Value) Object {
	metadata := child(value, keyMetadata)
	o := Object{
		Kind:      textOf(child(value, keyKind)),
		Namespace: textOf(child(metadata, keyNamespace)), Name: textOf(child(metadata, keyName)),
		GenerateName: textOf(child(metadata, keyGenerateName)),
	}
	if gv, err := schema.ParseGroupVersion(textOf(child(value, keyAPIVersion))); err == nil {
		o.Group = gv.Group
	}
	o.Labels = LabelsOf(child(metadata, keyLabels))
	return o
}

var (
	keyMetadata     = ast.InternedTerm("metadata")
	keyKind         = ast.InternedTerm("kind")
	keyAPIVersion   = ast.InternedTerm("apiVersion")
	keyNamespace    = ast.InternedTerm("namespace")
	keyName         = ast.InternedTerm("name")
	keyGenerateName = ast.InternedTerm("generateName")
	keyLabels       = ast.InternedTerm("labels")
)

// child looks one key up; nil when there is none.
func child(value ast.Value, key *ast.Term) ast.Value {
	object, ok := value.(ast.Object)
	if !ok {
		return nil
	}
	t := object.Get(key)
	if t == nil {
		return nil
	}
	return t.Value
}

func textOf(value ast.Value) string {
	s, _ := value.(ast.String)
	return string(s)
}

func stringOf(value ast.Value, key string) string { return textOf(child(value, ast.StringTerm(key))) }

// LabelsOf reads labels where they stand, without a copy; what is no object has none.
func LabelsOf(value ast.Value) labels.Labels {
	object, ok := value.(ast.Object)
	if !ok {
		return labels.Set(nil)
	}
	return objectLabels{object}
}

type objectLabels struct{ object ast.Object }

// Has reports whether there is such a label.
func (l objectLabels) Has(label string) bool {
	_, ok := l.Lookup(label)
	return ok
}

// Get gives a label's value, or nothing.
func (l objectLabels) Get(label string) string {
	value, _ := l.Lookup(label)
	return value
}

// Lookup gives a label's value and whether it is there.
func (l objectLabels) Lookup(label string) (value string, exists bool) {
	t := l.object.Get(ast.StringTerm(label))
	if t == nil {
		return "", false
	}
	return textOf(t.Value), true
}
