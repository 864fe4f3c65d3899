package engine

import (
	"fmt"
	"sort"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// mutations collects what policies would set, with the engine's form of each value for
// comparing.
type mutations []proposal

type proposal struct {
	Mutation
	value ast.Value
}

// take adds one policy's mutations. Only an enforced policy sets anything.
func (m *mutations) take(rule string, e v1alpha1.Enforcement, value ast.Value) error {
	set, ok := value.(ast.Set)
	if !ok {
		return fmt.Errorf("%w: it is %s, not a set", ErrShape, typeName(value))
	}
	for _, t := range set.Slice() {
		object, ok := t.Value.(ast.Object)
		if !ok {
			return fmt.Errorf("%w: a mutation is %s", ErrShape, typeName(t.Value))
		}
		p := proposal{Mutation: Mutation{Rule: rule}}
		err := eachSorted(object, func(name string, field ast.Value) error {
			switch name {
			case "path":
				s, ok := field.(ast.String)
				if !ok || !isPointer(string(s)) {
					return fmt.Errorf("%w: %v is no JSON pointer", ErrShape, field)
				}
				p.Path = string(s)
			case "value":
				p.value = field
			default:
				return fmt.Errorf("%w: unknown field", ErrShape)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if p.Path == "" || p.value == nil {
			return fmt.Errorf("%w: a mutation needs path and value", ErrShape)
		}
		if p.Value, err = plain(p.value); err != nil {
			return fmt.Errorf("%w: value of %s: %w", ErrShape, p.Path, err)
		}
		if e == v1alpha1.EnforcementDeny {
			*m = append(*m, p)
		}
	}
	return nil
}

// sorted orders by path, drops what is there twice and refuses contradictions: two
// values for one path, or a value inside another policy's value.
func (m mutations) sorted() ([]Mutation, error) {
	sort.Slice(m, func(i, j int) bool {
		if m[i].Path != m[j].Path {
			return m[i].Path+"/" < m[j].Path+"/"
		}
		return m[i].Rule < m[j].Rule
	})
	var out []Mutation
	for i, p := range m {
		if i > 0 {
			last := m[i-1]
			switch {
			case last.Path == p.Path && last.value.Compare(p.value) == 0:
				continue
			case last.Path == p.Path:
				return nil, fmt.Errorf("%w: %s and %s set different values at %s", ErrConflict, last.Rule, p.Rule, p.Path)
			case strings.HasPrefix(p.Path, last.Path+"/"):
				return nil, fmt.Errorf("%w: %s sets %s, inside what %s sets at %s", ErrConflict, p.Rule, p.Path, last.Rule, last.Path)
			}
		}
		out = append(out, p.Mutation)
	}
	return out, nil
}

// isPointer checks RFC 6901: /-led tokens in which ~ begins ~0 or ~1 only.
func isPointer(s string) bool {
	if !strings.HasPrefix(s, "/") || len(s) > 1024 {
		return false
	}
	for rest := s; ; {
		i := strings.IndexByte(rest, '~')
		if i < 0 {
			return true
		}
		if i+1 >= len(rest) || (rest[i+1] != '0' && rest[i+1] != '1') {
			return false
		}
		rest = rest[i+2:]
	}
}
