package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
)

// delegatedRoot is where, under data.facts, parameters stand that an organization set:
// {policy: {parameter: value}}.
const delegatedRoot = "delegated"

// Delegation names the parameters of a policy that organizations may set for
// themselves, each with the JSON schema that bounds it; nil means any value shaped like
// the default.
type Delegation map[string]*spec.Schema

// checked refuses names that the policy has no parameter for, and bounds that its own
// value does not keep.
func (d Delegation) checked(parameters map[string]any) (Delegation, error) {
	for _, name := range slices.Sorted(maps.Keys(d)) {
		value, ok := parameters[name]
		if !ok {
			return nil, fmt.Errorf("delegable parameter %q is unknown; METADATA declares %q", name, slices.Sorted(maps.Keys(parameters)))
		}
		if err := keeps(d[name], value); err != nil {
			return nil, fmt.Errorf("delegable parameter %q: the policy's own value is out of its bounds: %w", name, err)
		}
	}
	return d, nil
}

func keeps(bound *spec.Schema, value any) error {
	if bound == nil {
		return nil
	}
	// The validator knows Go's numbers, not json.Number.
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return err
	}
	return validate.NewSchemaValidator(bound, nil, "", strfmt.Default).Validate(plain).AsError()
}

// Delegated judges the parameters that an organization sets, by policy and name, and
// gives the document to evaluate with and what is wrong with the rest, sorted. Wrong
// values are left out, so that the policy's own stand. A document of nil means that
// nothing is set.
func (p *Program) Delegated(given map[string]map[string]any) (Snapshot, []string) {
	if len(given) == 0 {
		return nil, nil
	}
	var wrong []string
	policies := map[string]*policy{}
	for _, x := range p.policies {
		policies[x.rule] = x
	}
	document := ast.NewObject()
	for _, rule := range slices.Sorted(maps.Keys(given)) {
		x, ok := policies[rule]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("there is no policy %q", rule))
			continue
		}
		values := ast.NewObject()
		for _, name := range slices.Sorted(maps.Keys(given[rule])) {
			value, err := x.delegated(name, given[rule][name])
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: parameter %q %s", rule, name, err))
				continue
			}
			values.Insert(ast.StringTerm(name), ast.NewTerm(value))
		}
		if values.Len() > 0 {
			document.Insert(ast.StringTerm(rule), ast.NewTerm(values))
		}
	}
	if document.Len() == 0 {
		return nil, wrong
	}
	return delegated{ast.NewObject(ast.Item(ast.StringTerm(delegatedRoot), ast.NewTerm(document)))}, wrong
}

func (p *policy) delegated(name string, value any) (ast.Value, error) {
	bound, ok := p.delegable[name]
	if !ok {
		return nil, fmt.Errorf("is not delegable; organizations may set %q", slices.Sorted(maps.Keys(p.delegable)))
	}
	value, err := plainJSON(value)
	if err != nil {
		return nil, err
	}
	if err := sameShape(p.parameters[name], value); err != nil {
		return nil, err
	}
	if err := keeps(bound, value); err != nil {
		return nil, fmt.Errorf("is out of bounds: %w", err)
	}
	return ast.InterfaceToValue(value)
}

// delegated is a Snapshot of what one organization set.
type delegated struct{ document ast.Value }

// Document is {delegated: {policy: {parameter: value}}}.
func (d delegated) Document() ast.Value { return d.document }
