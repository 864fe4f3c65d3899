package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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
	if !json.Valid(raw) {
		return nil, fmt.Errorf("%w: syntax", ErrJSON)
	}
	d := decoder{raw: raw, whole: string(raw)}
	term, err := d.term(0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJSON, err)
	}
	return term.Value, nil
}

// decoder walks bytes that json.Valid has proved to be JSON, so it only tells the parts
// apart and never checks the grammar again.
type decoder struct {
	raw []byte
	at  int
	// whole is raw once more: strings are parts of it, so that they need no copy each.
	whole string
	// free are terms made in advance, many at a time.
	free []ast.Term
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
	d.space()
	switch d.raw[d.at] {
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
		d.at += len("true")
		return ast.InternedTerm(true), nil
	case 'f':
		d.at += len("false")
		return ast.InternedTerm(false), nil
	case 'n':
		d.at += len("null")
		return ast.InternedNullTerm, nil
	}
	return d.number()
}

func (d *decoder) object(depth int) (*ast.Term, error) {
	d.at++
	var pairs [][2]*ast.Term
	for d.space(); d.raw[d.at] != '}'; d.space() {
		if d.raw[d.at] == ',' {
			d.at++
			d.space()
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		d.space()
		d.at++ // the colon
		value, err := d.term(depth + 1)
		if err != nil {
			return nil, err
		}
		if pairs == nil {
			pairs = make([][2]*ast.Term, 0, 8)
		}
		pairs = append(pairs, [2]*ast.Term{d.key(key), value})
	}
	d.at++
	if len(pairs) == 0 {
		return ast.InternedEmptyObject, nil
	}
	// NewObject counts a key that is there twice as two, so its length shows nothing.
	object := ast.NewObjectWithCapacity(len(pairs))
	for i, pair := range pairs {
		if object.Insert(pair[0], pair[1]); object.Len() != i+1 {
			return nil, errors.New("a key is there twice")
		}
	}
	return d.wrap(object), nil
}

func (d *decoder) array(depth int) (*ast.Term, error) {
	d.at++
	var items []*ast.Term
	for d.space(); d.raw[d.at] != ']'; d.space() {
		if d.raw[d.at] == ',' {
			d.at++
		}
		item, err := d.term(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	d.at++
	if len(items) == 0 {
		return ast.InternedEmptyArray, nil
	}
	return d.wrap(ast.NewArray(items...)), nil
}

// key makes a term of a key, which is mostly one of the few that all objects have.
func (d *decoder) key(name string) *ast.Term {
	if t, ok := commonKeys[name]; ok {
		return t
	}
	return d.wrap(ast.String(name))
}

// text reads a string; only those with escapes or broken UTF-8 go the slow way.
func (d *decoder) text() (string, error) {
	start := d.at
	plain := true
	for d.at++; d.raw[d.at] != '"'; d.at++ {
		if d.raw[d.at] == '\\' {
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
	err := json.Unmarshal(d.raw[start:d.at], &s)
	return s, err
}

func (d *decoder) number() (*ast.Term, error) {
	start := d.at
	integer := true
	for d.at < len(d.raw) {
		c := d.raw[d.at]
		if c == '.' || c == 'e' || c == 'E' {
			integer = false
		} else if (c < '0' || c > '9') && c != '-' && c != '+' {
			break
		}
		d.at++
	}
	text := d.whole[start:d.at]
	if integer && len(text) < 10 {
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

func (d *decoder) space() {
	for d.at < len(d.raw) {
		switch d.raw[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

func typeName(v ast.Value) string {
	if v == nil {
		return "nothing"
	}
	return ast.ValueName(v)
}
