package taint

import "github.com/open-policy-agent/opa/v1/ast"

// harmless are the built-ins that only move values about or tell types apart, each with
// what else must hold of its operands. Every other one looks at the markers it is given.
var harmless = map[string]func(operands []ast.Value) bool{
	"object.get":     func(o []ast.Value) bool { return firm(o[0]) && !holds(o[1]) },
	"object.keys":    func(o []ast.Value) bool { return firm(o[0]) },
	"object.union":   func(o []ast.Value) bool { return firm(o...) },
	"object.union_n": func(o []ast.Value) bool { return firm(o...) },
	"object.remove":  func(o []ast.Value) bool { return firm(o[0]) && !holds(o[1]) },
	"object.filter":  func(o []ast.Value) bool { return firm(o[0]) && !holds(o[1]) },
	"json.filter":    func(o []ast.Value) bool { return firm(o[0]) && !holds(o[1]) },
	"json.remove":    func(o []ast.Value) bool { return firm(o[0]) && !holds(o[1]) },

	"array.concat":  whole,
	"array.reverse": whole,
	"array.slice":   func(o []ast.Value) bool { return whole(o[:1]) && !holds(o[1]) && !holds(o[2]) },

	// Where elements may turn out equal, so that there are fewer, count looks.
	"or":    whole,
	"union": func(o []ast.Value) bool { return !isMarker(o[0]) },
	"count": countable,

	"is_array": typed, "is_boolean": typed, "is_null": typed, "is_number": typed,
	"is_object": typed, "is_set": typed, "is_string": typed, "type_name": typed,

	"equal": comparable2, "neq": comparable2,
	"internal.member_2": func(o []ast.Value) bool { return knownAmong(o[0], o[1]) },
}

// looks reports whether a call looks at a marker in its operands, which are ground.
func looks(name string, operands []ast.Value) bool {
	found := false
	for _, o := range operands {
		found = found || holds(o)
	}
	if !found {
		return false
	}
	fits, ok := harmless[name]
	return !ok || !fits(operands)
}

// firm wants values in which no marker decides what is found where.
func firm(operands ...ast.Value) bool {
	for _, o := range operands {
		if isMarker(o) || loose(o) {
			return false
		}
	}
	return true
}

// whole wants composite operands: which type a marker has is known, but a built-in that
// gets one in place of a list fails.
func whole(operands []ast.Value) bool {
	for _, o := range operands {
		if isMarker(o) {
			return false
		}
	}
	return true
}

func typed(operands []ast.Value) bool { return !isOpaque(operands[0]) }

func comparable2(operands []ast.Value) bool {
	_, known := same(operands[0], operands[1])
	return known
}

func countable(operands []ast.Value) bool {
	switch v := operands[0].(type) {
	case *ast.Array:
		return true
	case ast.Object:
		return !keysHold(v)
	case ast.Set:
		// Markers are as different as what they stand for, but among themselves only.
		return !v.Until(func(t *ast.Term) bool { return !isMarker(t.Value) || isOpaque(t.Value) })
	}
	return false
}

func knownAmong(v, collection ast.Value) bool {
	var others []*ast.Term
	switch c := collection.(type) {
	case *ast.Array:
		c.Foreach(func(t *ast.Term) { others = append(others, t) })
	case ast.Set:
		others = c.Slice()
	case ast.Object:
		c.Foreach(func(_, t *ast.Term) { others = append(others, t) })
	default:
		return false
	}
	_, known := among(v, others)
	return known
}
