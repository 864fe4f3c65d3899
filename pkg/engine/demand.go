package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// demands collects what policies demand, by dimension.
type demands map[string]Demand

// isDimension reports whether a name is one of a dimension: ^[a-z0-9]([-a-z0-9./]{0,126}[a-z0-9])?$
func isDimension(name string) bool {
	last := len(name) - 1
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case (c == '-' || c == '.' || c == '/') && 0 < i && i < last:
		default:
			return false
		}
	}
	return 0 <= last && last < 128
}

// take adds one policy's demands. Dimensions are shared and must agree, unless they are
// private: <policy>/<name>, that is with two slashes, of that policy alone.
func (d demands) take(rule string, e v1alpha1.Enforcement, value ast.Value) error {
	object, ok := value.(ast.Object)
	if !ok {
		return fmt.Errorf("%w: it is %s, not an object", ErrShape, typeName(value))
	}
	return eachSorted(object, func(dimension string, amount ast.Value) error {
		if !isDimension(dimension) {
			return fmt.Errorf("%w: no dimension's name", ErrShape)
		}
		if strings.Contains(dimension, "/") && !strings.HasPrefix(dimension, rule+"/") {
			return fmt.Errorf("%w: the dimension is private to another policy", ErrShape)
		}
		q, err := quantity(amount)
		if err != nil {
			return err
		}
		mine := Demand{Rule: rule, Dimension: dimension, Amount: q, Enforcement: e}
		other, taken := d[dimension]
		if taken && other.Amount.Cmp(q) != 0 {
			return fmt.Errorf("%w: %s demands %s of %s, %s demands %s",
				ErrConflict, other.Rule, other.Amount.String(), dimension, rule, q.String())
		}
		if !taken || strictness(e) > strictness(other.Enforcement) {
			d[dimension] = mine
		}
		return nil
	})
}

func (d demands) sorted() []Demand {
	if len(d) == 0 {
		return nil
	}
	out := make([]Demand, 0, len(d))
	for _, demand := range d {
		out = append(out, demand)
	}
	slices.SortFunc(out, func(a, b Demand) int { return strings.Compare(a.Dimension, b.Dimension) })
	return out
}

// strictness orders enforcement: of two policies that agree, the stricter one counts.
func strictness(e v1alpha1.Enforcement) int {
	switch e {
	case v1alpha1.EnforcementDeny:
		return 2
	case v1alpha1.EnforcementWarn:
		return 1
	}
	return 0
}

// quantity reads a number or a quantity's text.
func quantity(v ast.Value) (resource.Quantity, error) {
	var text string
	switch v := v.(type) {
	case ast.Number:
		text = string(v)
	case ast.String:
		text = string(v)
	default:
		return resource.Quantity{}, fmt.Errorf("%w: the amount is %s", ErrShape, typeName(v))
	}
	if len(text) > 64 {
		return resource.Quantity{}, fmt.Errorf("%w: the amount is %d characters long", ErrShape, len(text))
	}
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return resource.Quantity{}, fmt.Errorf("%w: amount %q: %w", ErrShape, text, err)
	}
	if q.Sign() < 0 {
		return resource.Quantity{}, fmt.Errorf("%w: amount %s is negative", ErrShape, text)
	}
	return q, nil
}
