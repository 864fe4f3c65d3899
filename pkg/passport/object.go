package passport

import (
	"fmt"
	"strings"
)

// generatedBase is how much of a generateName the API server keeps: a name has 63
// characters and the last five are drawn by lot.
const generatedBase = 58

// Object is what a passport is bound to. Either Name or GenerateName is set: an object
// that is created with a generateName has no name yet when its passport is minted.
type Object struct {
	Group        string `json:"group,omitempty"`
	Kind         string `json:"kind"`
	Namespace    string `json:"namespace,omitempty"`
	Name         string `json:"name,omitempty"`
	GenerateName string `json:"generateName,omitempty"`
}

// String reads kind.group namespace/name, for messages.
func (o Object) String() string {
	kind := o.Kind
	if o.Group != "" {
		kind += "." + o.Group
	}
	name := o.Name
	if name == "" && o.GenerateName != "" {
		name = o.GenerateName + "*"
	}
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	return kind + " " + name
}

// BoundTo returns nil if the passport was made for this object, else ErrWrongObject.
// A passport bound to a generateName fits the names that the API server makes of it,
// and the same generateName as long as there is no name.
func (p UserPassport) BoundTo(o Object) error {
	b := p.Object
	if b.Kind != "" && b.Kind == o.Kind && b.Group == o.Group && b.Namespace == o.Namespace && b.fitsName(o) {
		return nil
	}
	return fmt.Errorf("%w: it is for %q, not for %q", ErrWrongObject, b, o)
}

func (o Object) fitsName(found Object) bool {
	if o.Name != "" {
		return o.Name == found.Name
	}
	if o.GenerateName == "" {
		return false
	}
	if found.GenerateName != "" && found.GenerateName != o.GenerateName {
		return false
	}
	if found.Name == "" {
		return found.GenerateName == o.GenerateName
	}
	base := o.GenerateName[:min(len(o.GenerateName), generatedBase)]
	return len(found.Name) > len(base) && strings.HasPrefix(found.Name, base)
}
