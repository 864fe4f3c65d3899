package engine

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// What one call of a built-in function may give. A call looks at no deadline, and a chain of
// calls that each give twice what they took, thirty lines of it, fills any memory.
const (
	maxText   = 4 << 20 // bytes of a string
	maxItems  = 1 << 18 // members of a list, a set or an object
	maxDigits = 1000    // of a number
)

// bounds say of functions how large their result may get, before they are called.
var bounds = map[string]func(args []*ast.Term) error{
	"concat":            func(a []*ast.Term) error { return fits(members(a[1])*length(a[0]) + weight(a[1])) },
	"replace":           func(a []*ast.Term) error { return fits(replacement(a[0], a[1], a[2])) },
	"strings.replace_n": func(a []*ast.Term) error { return fits(replacements(a[0], a[1])) },
	"sprintf":           func(a []*ast.Term) error { return fits(printed(a[0], a[1])) },
	"json.marshal":      func(a []*ast.Term) error { return fits(weight(a[0])) },
	"split":             func(a []*ast.Term) error { return items(parts(a[0], a[1])) },
	"regex.split":       func(a []*ast.Term) error { return items(length(a[1])) },
	"regex.find_n":      func(a []*ast.Term) error { return items(length(a[1])) },
	"array.concat":      sum, "array.flatten": sumOfMembers, "union": sumOfMembers, "or": sum,
	"object.union": sum, "object.union_n": sumOfMembers,
	"plus": digits, "minus": digits, "mul": digits, "div": digits, "rem": digits,
	"floor": digits, "ceil": digits, "round": digits, "abs": digits, "format_int": digits,
}

// All evaluations of the process are held to them: the evaluator takes what is registered
// under a built-in function's name.
func init() {
	for name, bound := range bounds {
		run := topdown.GetBuiltin(name)
		topdown.RegisterBuiltinFunc(name, func(bctx topdown.BuiltinContext, args []*ast.Term, into func(*ast.Term) error) error {
			if err := bound(args); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return run(bctx, args, into)
		})
	}
}

func fits(n int) error {
	if n > maxText {
		return fmt.Errorf("the result would be larger than %d MiB", maxText>>20)
	}
	return nil
}

func items(n int) error {
	if n > maxItems {
		return fmt.Errorf("the result would have more than %d members", maxItems)
	}
	return nil
}

func sum(args []*ast.Term) error {
	n := 0
	for _, a := range args {
		n += members(a)
	}
	return items(n)
}

// sumOfMembers is of functions that take a collection of collections.
func sumOfMembers(args []*ast.Term) error {
	n := 0
	each(args[0], func(t *ast.Term) bool { n += max(1, members(t)); return n <= maxItems })
	return items(n)
}

func digits(args []*ast.Term) error {
	n := 0
	for _, a := range args {
		number, ok := a.Value.(ast.Number)
		if !ok {
			continue // the function says what it takes
		}
		n += len(number)
	}
	if n > maxDigits {
		return fmt.Errorf("the numbers have more than %d digits", maxDigits)
	}
	return nil
}

func members(t *ast.Term) int {
	switch v := t.Value.(type) {
	case *ast.Array:
		return v.Len()
	case ast.Set:
		return v.Len()
	case ast.Object:
		return v.Len()
	}
	return 0
}

func length(t *ast.Term) int {
	s, _ := t.Value.(ast.String)
	return len(s)
}

// each visits the members of a list or a set, and an object's keys and values, as long as
// visit says so.
func each(t *ast.Term, visit func(*ast.Term) bool) (all bool) {
	stop := func(m *ast.Term) bool { return !visit(m) }
	switch v := t.Value.(type) {
	case *ast.Array:
		return !v.Until(stop)
	case ast.Set:
		return !v.Until(stop)
	case ast.Object:
		return !v.Until(func(key, value *ast.Term) bool { return stop(key) || stop(value) })
	}
	return true
}

// weight is about how many bytes a value has as text; it stops counting beyond maxText,
// since the same list may be in a list very many times.
func weight(t *ast.Term) int {
	n := 0
	var add func(*ast.Term) bool
	add = func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.String:
			n += len(v) + 1
		case ast.Number:
			n += len(v) + 1
		default:
			n += 2
		}
		return n <= maxText && each(t, add)
	}
	add(t)
	return n
}

// plain writes a value out for Go, unless that would be too large: one that a rule built may
// hold the same list very many times.
func plain(v ast.Value) (any, error) {
	if err := fits(weight(ast.NewTerm(v))); err != nil {
		return nil, err
	}
	return ast.JSON(v)
}

func parts(s, delimiter *ast.Term) int {
	whole, ok := s.Value.(ast.String)
	by, is := delimiter.Value.(ast.String)
	if !ok || !is {
		return 0
	}
	return strings.Count(string(whole), string(by)) + 1
}

func replacement(s, from, to *ast.Term) int {
	return length(s) + (parts(s, from)-1)*max(0, length(to)-length(from))
}

func replacements(patterns, s *ast.Term) int {
	n := length(s)
	object, ok := patterns.Value.(ast.Object)
	if !ok {
		return n
	}
	object.Until(func(from, to *ast.Term) bool {
		n += max(0, parts(s, from)-1) * max(0, length(to)-length(from))
		return n > maxText
	})
	return n
}

// printed counts a format's verbs as if each printed the largest argument, and adds the
// widths that they ask for.
func printed(format, args *ast.Term) int {
	verbs, ok := format.Value.(ast.String)
	if !ok {
		return 0
	}
	largest := 0
	each(args, func(t *ast.Term) bool { largest = max(largest, weight(t)); return largest <= maxText })
	n := len(verbs)
	for i := 0; i < len(verbs) && n <= maxText; i++ {
		if verbs[i] != '%' {
			continue
		}
		n += largest
		for i+1 < len(verbs) && strings.IndexByte("0123456789.*+-# []", verbs[i+1]) >= 0 {
			i++
			if verbs[i] == '*' {
				n += maxText + 1 // an argument says how wide
			}
		}
		n += width(string(verbs[:i+1]))
	}
	return n
}

// width sums the numbers at the end of a verb's beginning.
func width(verb string) int {
	sum, number := 0, 0
	for _, c := range verb[strings.LastIndexByte(verb, '%'):] {
		if c >= '0' && c <= '9' {
			number = min(number*10+int(c-'0'), maxText)
			continue
		}
		sum, number = sum+number, 0
	}
	return sum + number
}
