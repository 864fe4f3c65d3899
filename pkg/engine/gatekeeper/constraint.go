package gatekeeper

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	kjson "sigs.k8s.io/json"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Constraint is one use of a template.
type Constraint struct {
	// Rule is <kind in lower case>/<name>, as denials name it.
	Rule     string
	Template *Template
	Match    Match
	// Parameters is what the template reads as input.parameters, defaults filled in.
	Parameters *ast.Term

	doc         Document
	enforcement enforcement
	spec        map[string]any
}

type constraintObject struct {
	Spec struct {
		EnforcementAction        string         `json:"enforcementAction"`
		ScopedEnforcementActions []scopedAction `json:"scopedEnforcementActions"`
		Match                    Match          `json:"match"`
	} `json:"spec"`
}

// IsConstraint reports whether a document is a constraint of some template.
func (d Document) IsConstraint() bool { return d.version().Group == ConstraintGroup }

// NewConstraint checks a constraint against its template. Errors are Problems.
func (t *Template) NewConstraint(doc Document) (*Constraint, error) {
	name := doc.text("metadata", "name")
	switch {
	case !doc.IsConstraint():
		return nil, Problems{doc.at("apiVersion", "not of group %s", ConstraintGroup)}
	case doc.text("kind") != t.Kind:
		return nil, Problems{doc.at("kind", "template %s makes constraints of kind %s", t.Name(), t.Kind)}
	case !slices.Contains([]string{"v1beta1", "v1alpha1"}, doc.version().Version):
		return nil, Problems{doc.at("apiVersion", "version %q is none of v1beta1, v1alpha1", doc.version().Version)}
	case len(validation.IsDNS1123Subdomain(name)) > 0:
		return nil, Problems{doc.at("metadata.name", "%q: %s", name, strings.Join(validation.IsDNS1123Subdomain(name), "; "))}
	}
	object := runtime.DeepCopyJSON(doc.Object)
	if err := t.schema.complete(object); err != nil {
		return nil, Problems{doc.at("", "%v", err)}
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, Problems{doc.at("", "%v", err)}
	}
	var read constraintObject
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &read); err != nil {
		return nil, Problems{doc.at("", "%v", err)}
	}
	c := &Constraint{Rule: t.Name() + "/" + name, Template: t, Match: read.Spec.Match, doc: doc}
	if err := c.Match.prepare(); err != nil {
		return nil, Problems{doc.at("spec.match", "%v", err)}
	}
	if c.enforcement, err = newEnforcement(read.Spec.EnforcementAction, read.Spec.ScopedEnforcementActions); err != nil {
		return nil, Problems{doc.at("spec", "%v", err)}
	}
	c.spec, _ = object["spec"].(map[string]any)
	if c.Parameters, err = parametersTerm(c.spec); err != nil {
		return nil, Problems{doc.at("spec.parameters", "%v", err)}
	}
	return c, nil
}

// parametersTerm is never undefined: without parameters it is an empty object.
func parametersTerm(spec map[string]any) (*ast.Term, error) {
	parameters, ok := spec["parameters"]
	if !ok || parameters == nil {
		return ast.InternedEmptyObject, nil
	}
	value, err := ast.InterfaceToValue(parameters)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return ast.NewTerm(value), nil
}

// At is what happens at a point when the constraint is violated.
func (c *Constraint) At(point Point) v1alpha1.Enforcement { return c.enforcement.at(point) }

// Settings are the parameters as plain JSON values.
func (c *Constraint) Settings() map[string]any {
	parameters, _ := c.spec["parameters"].(map[string]any)
	return runtime.DeepCopyJSON(parameters)
}
