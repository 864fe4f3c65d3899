package engine

import (
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// violations reads what a template's rule gives: a set, or the values of a list or an
// object. Two that say the same in message and details are one.
func violations(answer ast.Value) ([]Violation, error) {
	var out []Violation
	var seen ast.Set
	var failed error
	take := func(t *ast.Term) {
		v, err := readViolation(t.Value)
		if err != nil {
			failed = err
			return
		}
		if seen == nil {
			seen = ast.NewSet()
		}
		key := ast.ArrayTerm(ast.StringTerm(v.Msg), ast.NewTerm(v.Details))
		if !seen.Contains(key) {
			seen.Add(key)
			out = append(out, v)
		}
	}
	switch list := answer.(type) {
	case ast.Set:
		if list.Len() == 0 {
			return nil, nil
		}
		for _, t := range list.Slice() {
			take(t)
		}
	case *ast.Array:
		list.Foreach(take)
	case ast.Object:
		list.Foreach(func(_, t *ast.Term) { take(t) })
	default:
		return nil, fmt.Errorf("%w: violation is %s, not a set", ErrShape, typeName(answer))
	}
	return out, failed
}

// readViolation takes an object with msg and details, of which more fields are passed
// over, or a message alone. A message that is no string is shown as JSON.
func readViolation(value ast.Value) (Violation, error) {
	v := Violation{Details: ast.InternedEmptyObjectValue}
	msg := value
	if object, ok := value.(ast.Object); ok {
		if details := object.Get(termDetails); details != nil {
			v.Details = details.Value
		}
		t := object.Get(termMsg)
		if t == nil {
			return v, nil
		}
		msg = t.Value
	}
	if s, ok := msg.(ast.String); ok {
		v.Msg = string(s)
		return v, nil
	}
	text, err := plain(msg)
	if err != nil {
		return v, fmt.Errorf("%w: message: %w", ErrShape, err)
	}
	raw, err := json.Marshal(text)
	if err != nil {
		return v, fmt.Errorf("%w: message: %w", ErrShape, err)
	}
	v.Msg = string(raw)
	return v, nil
}
