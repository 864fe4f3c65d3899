package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

const (
	expansionGroup = "expansion.gatekeeper.sh"
	expansionKind  = "ExpansionTemplate"
	// maxExpansions bounds what is made of one object, one out of the other.
	maxExpansions = 30
)

// expansion is an ExpansionTemplate: the object that a controller would make of the
// template inside another.
type expansion struct {
	name    string
	applyTo []applyTo
	path    []string
	kind    schema.GroupVersionKind
}

type applyTo struct {
	Groups   []string `json:"groups"`
	Kinds    []string `json:"kinds"`
	Versions []string `json:"versions"`
}

type expansionObject struct {
	Spec struct {
		ApplyTo        []applyTo `json:"applyTo"`
		TemplateSource string    `json:"templateSource"`
		GeneratedGVK   struct {
			Group   string `json:"group"`
			Version string `json:"version"`
			Kind    string `json:"kind"`
		} `json:"generatedGVK"`
		EnforcementAction string `json:"enforcementAction"`
	} `json:"spec"`
}

// expanded is such an object.
type expanded struct {
	by     string
	object map[string]any
}

func newExpansion(doc gatekeeper.Document) (expansion, error) {
	u := unstructured.Unstructured{Object: doc.Object}
	if gvk := u.GroupVersionKind(); gvk.Group != expansionGroup || gvk.Kind != expansionKind {
		return expansion{}, fmt.Errorf("%s is no %s of group %s", gvk.Kind, expansionKind, expansionGroup)
	}
	var object expansionObject
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(doc.Object, &object); err != nil {
		return expansion{}, err
	}
	spec := object.Spec
	switch {
	case len(spec.ApplyTo) == 0, spec.TemplateSource == "", spec.GeneratedGVK.Kind == "":
		return expansion{}, errors.New("applyTo, templateSource or generatedGVK is missing")
	case spec.EnforcementAction != "":
		return expansion{}, errors.New("enforcementAction of an expansion is not supported")
	}
	return expansion{name: u.GetName(), applyTo: spec.ApplyTo, path: strings.Split(spec.TemplateSource, "."),
		kind: schema.GroupVersionKind{Group: spec.GeneratedGVK.Group, Version: spec.GeneratedGVK.Version, Kind: spec.GeneratedGVK.Kind}}, nil
}

func (e expansion) fits(gvk schema.GroupVersionKind) bool {
	for _, a := range e.applyTo {
		if slices.Contains(a.Groups, gvk.Group) && slices.Contains(a.Kinds, gvk.Kind) && slices.Contains(a.Versions, gvk.Version) {
			return true
		}
	}
	return false
}

// make gives the object inside another; an object without such a template is an error.
func (e expansion) make(from unstructured.Unstructured) (unstructured.Unstructured, error) {
	var out unstructured.Unstructured
	content, found, err := unstructured.NestedMap(from.Object, e.path...)
	if err == nil && !found {
		err = errors.New("nothing is there")
	}
	if err != nil {
		return out, fmt.Errorf("%s has no object at %s: %w", from.GetKind(), strings.Join(e.path, "."), err)
	}
	out.Object = content
	out.SetGroupVersionKind(e.kind)
	if from.GetNamespace() != "" {
		out.SetNamespace(from.GetNamespace())
	}
	if out.GetName() == "" {
		out.SetName(from.GetName() + "-" + strings.ToLower(e.kind.Kind))
	}
	return out, nil
}

// expandAll makes everything that comes out of an object, and out of that.
func expandAll(object map[string]any, all []expansion) ([]expanded, error) {
	var out []expanded
	open := []unstructured.Unstructured{{Object: object}}
	for len(open) > 0 {
		from := open[0]
		open = open[1:]
		for _, e := range all {
			if !e.fits(from.GroupVersionKind()) {
				continue
			}
			made, err := e.make(from)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", expansionKind, e.name, err)
			}
			if out = append(out, expanded{by: e.name, object: made.Object}); len(out) > maxExpansions {
				return nil, fmt.Errorf("more than %d objects come out of one", maxExpansions)
			}
			open = append(open, made)
		}
	}
	return out, nil
}
