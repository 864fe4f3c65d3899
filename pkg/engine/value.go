package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// MaxDepth is how deep JSON may nest.
const MaxDepth = 256

// ErrJSON says that bytes are no acceptable JSON.
var ErrJSON = errors.New("unacceptable JSON")

// ObjectValue decodes the JSON bytes of an object once, straight into the engine's
// form. No bytes and null become null. Refused, with ErrJSON, are anything but an
// object, trailing data, nesting deeper than MaxDepth, a key that is there twice (two
// readers could see two objects) and numbers beyond a float64. Broken UTF-8 and lone
// surrogates become U+FFFD.
func ObjectValue(raw []byte) (ast.Value, error) {
	if len(raw) == 0 {
		return ast.InternedNullValue, nil
	}
	value, err := Value(raw)
	if err != nil {
		return nil, err
	}
	switch value.(type) {
	case ast.Object, ast.Null:
		return value, nil
	}
	return nil, fmt.Errorf("%w: %s, not an object", ErrJSON, typeName(value))
}

// Value decodes any JSON document, under the rules of ObjectValue.
func Value(raw []byte) (ast.Value, error) {
	var pairs [32][2]*ast.Term // as much as most objects nest
	var items [16]*ast.Term
	d := decoder{raw: raw, whole: string(raw), pairs: pairs[:0], items: items[:0]}
	term, err := d.term(0)
	if err == nil && d.next() != 0 {
		err = errSyntax
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJSON, err)
	}
	return term.Value, nil
}

var errSyntax = errors.New("syntax")

// decoder reads JSON in one pass, and takes what encoding/json takes (FuzzValue).
type decoder struct {
	raw []byte
	at  int
	// whole is raw once more: strings are parts of it, so that they need no copy each.
	whole string
	// free are terms made in advance, many at a time.
	free []ast.Term
	// pairs and items are the members of the objects and arrays around, outermost first.
	pairs [][2]*ast.Term
	items []*ast.Term
}

// wrap makes a term of a value.
func (d *decoder) wrap(v ast.Value) *ast.Term {
	if len(d.free) == 0 {
		d.free = make([]ast.Term, min(64, 4+(len(d.raw)-d.at)/32))
	}
	t := &d.free[0]
	d.free = d.free[1:]
	t.Value = v
	return t
}

func (d *decoder) term(depth int) (*ast.Term, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("nests deeper than %d", MaxDepth)
	}
	switch d.next() {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		s, err := d.text()
		if err != nil {
			return nil, err
		}
		return d.wrap(ast.String(s)), nil
	case 't':
		return d.word("true", ast.InternedTerm(true))
	case 'f':
		return d.word("false", ast.InternedTerm(false))
	case 'n':
		return d.word("null", ast.InternedNullTerm)
	}
	return d.number()
}

func (d *decoder) word(word string, means *ast.Term) (*ast.Term, error) {
	if !strings.HasPrefix(d.whole[d.at:], word) {
		return nil, errSyntax
	}
	d.at += len(word)
	return means, nil
}

// next is the byte that comes after white space, which is passed; 0 at the end.
func (d *decoder) next() byte {
	for ; d.at < len(d.raw); d.at++ {
		switch c := d.raw[d.at]; c {
		case ' ', '\t', '\n', '\r':
		case 0:
			return 1 // no byte of JSON either, and not the end
		default:
			return c
		}
	}
	return 0
}

// goesOn passes what stands between two members: a comma, or nothing before the first. It is
// false at the end.
func (d *decoder) goesOn(first bool, end byte) (bool, error) {
	c := d.next()
	if c == end {
		d.at++
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, errSyntax
	}
	d.at++
	if d.next() == end {
		return false, errSyntax
	}
	return true, nil
}

func (d *decoder) object(depth int) (*ast.Term, error) {
	d.at++
	outer := len(d.pairs)
	for {
		if more, err := d.goesOn(len(d.pairs) == outer, '}'); err != nil {
			return nil, err
		} else if !more {
			break
		}
		if d.next() != '"' {
			return nil, errSyntax
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if d.next() != ':' {
			return nil, errSyntax
		}
		d.at++
		value, err := d.term(depth + 1)
		if err != nil {
			return nil, err
		}
		d.pairs = append(d.pairs, [2]*ast.Term{d.key(key), value})
	}
	if len(d.pairs) == outer {
		return ast.InternedEmptyObject, nil
	}
	object, unique := objectOf(d.pairs[outer:])
	d.pairs = d.pairs[:outer]
	if !unique {
		return nil, errors.New("a key is there twice")
	}
	return d.wrap(object), nil
}

// fewKeys is up to how many keys are compared with each other.
const fewKeys = 12

// objectOf makes an object, if no key is there twice. NewObject makes all members in one piece,
// but counts such a key as two; to insert them one by one shows it, and costs an allocation each.
func objectOf(pairs [][2]*ast.Term) (ast.Object, bool) {
	if len(pairs) > fewKeys {
		object := ast.NewObjectWithCapacity(len(pairs))
		for i, pair := range pairs {
			if object.Insert(pair[0], pair[1]); object.Len() != i+1 {
				return nil, false
			}
		}
		return object, true
	}
	for i, pair := range pairs {
		for _, before := range pairs[:i] {
			if before[0].Value == pair[0].Value {
				return nil, false
			}
		}
	}
	return ast.NewObject(pairs...), true
}

func (d *decoder) array(depth int) (*ast.Term, error) {
	d.at++
	outer := len(d.items)
	for {
		if more, err := d.goesOn(len(d.items) == outer, ']'); err != nil {
			return nil, err
		} else if !more {
			break
		}
		item, err := d.term(depth + 1)
		if err != nil {
			return nil, err
		}
		d.items = append(d.items, item)
	}
	if len(d.items) == outer {
		return ast.InternedEmptyArray, nil
	}
	array := ast.NewArray(slices.Clone(d.items[outer:])...)
	d.items = d.items[:outer]
	return d.wrap(array), nil
}

// key makes a term of a key, which is mostly one of the few that all objects have.
func (d *decoder) key(name string) *ast.Term {
	if t, ok := commonKeys[name]; ok {
		return t
	}
	return d.wrap(ast.String(name))
}

// text reads a string; only those with escapes or broken UTF-8 go the slow way, by which
// escapes are checked too.
func (d *decoder) text() (string, error) {
	start := d.at
	plain := true
	for d.at++; ; d.at++ {
		if d.at >= len(d.raw) {
			return "", errSyntax
		}
		c := d.raw[d.at]
		if c == '"' {
			break
		}
		switch {
		case c < ' ':
			return "", errSyntax
		case c == '\\':
			plain = false
			d.at++
		}
	}
	d.at++
	inner := d.raw[start+1 : d.at-1]
	if plain && utf8.Valid(inner) {
		return d.whole[start+1 : d.at-1], nil
	}
	var s string
	if json.Unmarshal(d.raw[start:d.at], &s) != nil {
		return "", errSyntax
	}
	return s, nil
}

func (d *decoder) number() (*ast.Term, error) {
	start := d.at
	d.skip("-")
	if !d.skip("0") && d.digits() == 0 {
		return nil, errSyntax
	}
	whole := d.at
	if d.skip(".") && d.digits() == 0 {
		return nil, errSyntax
	}
	if d.skip("eE") {
		d.skip("+-")
		if d.digits() == 0 {
			return nil, errSyntax
		}
	}
	text := d.whole[start:d.at]
	if d.at == whole && len(text) < 10 {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		return ast.InternedTerm(n), nil
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return nil, errors.New("a number beyond what a float64 holds")
	}
	return d.wrap(ast.Number(text)), nil
}

// skip passes one byte if it is one of these.
func (d *decoder) skip(these string) bool {
	if d.at == len(d.raw) || strings.IndexByte(these, d.raw[d.at]) < 0 {
		return false
	}
	d.at++
	return true
}

// digits passes digits and says how many.
func (d *decoder) digits() int {
	start := d.at
	for d.at < len(d.raw) && '0' <= d.raw[d.at] && d.raw[d.at] <= '9' {
		d.at++
	}
	return d.at - start
}

func typeName(v ast.Value) string {
	if v == nil {
		return "nothing"
	}
	return ast.ValueName(v)
}
