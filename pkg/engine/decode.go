package engine

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Decode reads a result document strictly: whatever is not of the agreed shape is
// ErrShape, and policies that contradict each other are ErrConflict.
func Decode(document ast.Value) (Result, error) {
	var r Result
	object, ok := document.(ast.Object)
	if !ok {
		return Result{}, fmt.Errorf("%w: the result is %s", ErrShape, typeName(document))
	}
	demands := demands{}
	mutations := mutations{}
	err := eachSorted(object, func(rule string, entry ast.Value) error {
		fields, ok := entry.(ast.Object)
		if !ok {
			return fmt.Errorf("%w: it is %s", ErrShape, typeName(entry))
		}
		enforcement, err := enforcementOf(fields)
		if err != nil {
			return err
		}
		return eachSorted(fields, func(name string, value ast.Value) error {
			switch name {
			case "enforcement":
				return nil
			case outDeny:
				return r.take(rule, enforcement, value)
			case outWarn:
				if enforcement == v1alpha1.EnforcementDeny {
					return r.take(rule, v1alpha1.EnforcementWarn, value)
				}
				return r.take(rule, enforcement, value)
			case outDemand:
				return demands.take(rule, enforcement, value)
			case outMutate:
				return mutations.take(rule, enforcement, value)
			}
			return fmt.Errorf("%w: unknown field %q", ErrShape, name)
		})
	})
	if err != nil {
		return Result{}, err
	}
	r.Demands = demands.sorted()
	r.Mutations, err = mutations.sorted()
	if err != nil {
		return Result{}, err
	}
	return r, nil
}

// eachSorted visits the fields of an object by name and names the policy or field in
// errors.
func eachSorted(object ast.Object, visit func(name string, value ast.Value) error) error {
	for _, key := range object.Keys() {
		name, ok := key.Value.(ast.String)
		if !ok {
			return fmt.Errorf("%w: a key is %s", ErrShape, typeName(key.Value))
		}
		if err := visit(string(name), object.Get(key).Value); err != nil {
			return fmt.Errorf("%s: %w", string(name), err)
		}
	}
	return nil
}

func enforcementOf(fields ast.Object) (v1alpha1.Enforcement, error) {
	t := fields.Get(termEnforce)
	if t == nil {
		return "", fmt.Errorf("%w: no enforcement", ErrShape)
	}
	s, _ := t.Value.(ast.String)
	switch e := v1alpha1.Enforcement(s); e {
	case v1alpha1.EnforcementDeny, v1alpha1.EnforcementWarn, v1alpha1.EnforcementAudit:
		return e, nil
	}
	return "", fmt.Errorf("%w: enforcement is %v", ErrShape, t)
}

// take sorts a set of messages by what they do.
func (r *Result) take(rule string, e v1alpha1.Enforcement, value ast.Value) error {
	set, ok := value.(ast.Set)
	if !ok {
		return fmt.Errorf("%w: it is %s, not a set", ErrShape, typeName(value))
	}
	for _, t := range set.Slice() {
		f, err := finding(rule, t.Value)
		if err != nil {
			return err
		}
		switch e {
		case v1alpha1.EnforcementAudit:
			r.Audited = append(r.Audited, f)
		case v1alpha1.EnforcementWarn:
			r.Warnings = append(r.Warnings, f)
		default:
			r.Denials = append(r.Denials, f)
		}
	}
	return nil
}

// finding reads a string, or an object with msg and details.
func finding(rule string, value ast.Value) (Finding, error) {
	f := Finding{Rule: rule}
	switch v := value.(type) {
	case ast.String:
		f.Msg = string(v)
	case ast.Object:
		err := eachSorted(v, func(name string, field ast.Value) error {
			switch name {
			case "msg":
				s, ok := field.(ast.String)
				if !ok {
					return fmt.Errorf("%w: it is %s", ErrShape, typeName(field))
				}
				f.Msg = string(s)
			case "details":
				var err error
				f.Details, err = plain(field)
				return err
			default:
				return fmt.Errorf("%w: unknown field", ErrShape)
			}
			return nil
		})
		if err != nil {
			return f, err
		}
	default:
		return f, fmt.Errorf("%w: a message is %s", ErrShape, typeName(value))
	}
	if f.Msg == "" {
		return f, fmt.Errorf("%w: a message is empty", ErrShape)
	}
	return f, nil
}
