package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// modules writes a few rules into each package.
func (a *author) modules() {
	for _, a.pkg = range packages {
		for range 4 + a.random.IntN(3) {
			a.aloof = a.chance(20)
			w := a.rule()
			for i, text := range w.definitions {
				w.definitions[i] = tidy(text)
			}
			a.rules = append(a.rules, w)
		}
	}
}

var bound = regexp.MustCompile(`\bv\d+\b`)

// tidy takes out names that nobody uses, which the compiler refuses.
func tidy(definition string) string {
	uses := map[string]int{}
	for _, name := range bound.FindAllString(definition, -1) {
		uses[name]++
	}
	return bound.ReplaceAllStringFunc(definition, func(name string) string {
		if uses[name] == 1 {
			return "_"
		}
		return name
	})
}

func (a *author) rule() written {
	w := written{pkg: a.pkg, name: a.fresh("r"), of: choice(a, ofAny, ofText, ofNumber, ofTruth, ofTruth, ofList, ofSet, ofObject)}
	switch roll := a.random.IntN(100); {
	case roll < 40:
		w.definitions = a.completely(w)
	case roll < 58:
		w.is, w.of = partialSet, ofSet
		w.definitions = a.severally(w, a.contains)
	case roll < 78:
		w.is, w.of = partialObject, ofObject
		w.parts, w.definitions = a.object(w)
	case roll < 83:
		text := choice(a, known...)
		w.is, w.of, w.arity, w.definitions = callable, ofAny, 1+strings.Count(text, "f(value, path)"), []string{w.name + text[1:]}
	default:
		w.is, w.arity = callable, 1+a.random.IntN(3)
		w.definitions = a.function(w)
	}
	return w
}

// scoped writes a definition with a body, whose names are its own.
func (a *author) scoped(write func(body string) string) string {
	return a.inside(func() string {
		statements := a.body(a.random.IntN(4), 2)
		if len(statements) == 0 {
			return write("")
		}
		return write(" if {\n\t" + strings.Join(statements, "\n\t") + "\n}")
	})
}

// severally writes one to three definitions.
func (a *author) severally(w written, one func(w written) string) []string {
	var out []string
	for range 1 + a.random.IntN(3) {
		out = append(out, one(w))
	}
	return out
}

// value is what a definition yields: mostly what others yield too, since a rule may have one value.
func (a *author) value(of kind, usual string) string {
	if a.chance(75) {
		return usual
	}
	return a.term(of, 1)
}

// completely writes a complete rule: one value from several bodies, cases that exclude one another, or
// what else is the value.
func (a *author) completely(w written) []string {
	usual := a.constant(w.of)
	var out []string
	if a.chance(30) {
		out = append(out, "default "+w.name+" := "+a.constant(w.of))
	}
	switch a.random.IntN(4) {
	case 0:
		return append(out, a.scoped(func(body string) string { return w.name + " := " + a.term(w.of, 2) + body }))
	case 1:
		return append(out, a.chain(w, w.name))
	case 2:
		for _, only := range []string{`input.t == "a"`, `input.t == "b"`} {
			out = append(out, a.scoped(func(body string) string {
				return w.name + " := " + a.term(w.of, 1) + withLast(body, only)
			}))
		}
		return out
	}
	return append(out, a.severally(w, func(w written) string {
		return a.scoped(func(body string) string { return w.name + " := " + a.value(w.of, usual) + body })
	})...)
}

// withLast puts a statement behind those of a body.
func withLast(body, statement string) string {
	if body == "" {
		return " if " + statement
	}
	return strings.TrimSuffix(body, "\n}") + "\n\t" + statement + "\n}"
}

// chain writes a definition with others in its place, of which the last one may have no body.
func (a *author) chain(w written, head string) string {
	out := head
	for i := range 2 + a.random.IntN(2) {
		outer := len(a.scope)
		statements := a.body(1+a.random.IntN(2), 2)
		value := " := " + a.term(w.of, 1)
		a.scope = a.scope[:outer]
		if i > 0 {
			out += " else"
		}
		out += value + " if {\n\t" + strings.Join(statements, "\n\t") + "\n}"
	}
	if a.chance(50) {
		out += " else := " + a.constant(w.of)
	}
	return out
}

func (a *author) contains(w written) string {
	return a.scoped(func(body string) string { return w.name + " contains " + a.term(ofAny, 2) + body })
}

// object writes a partial object of one form: values by keys of every type, sets by keys, objects by
// keys, or members with names of their own.
func (a *author) object(w written) (parts bool, definitions []string) {
	usual := a.constant(ofAny)
	// A question mark is a key that has a name: one that is no text, with more after it, must; see misplanned.
	one := func(middle string, last func() string) func(written) string {
		return func(w written) string {
			return a.scoped(func(body string) string {
				if !strings.Contains(middle, "?") {
					return w.name + middle + last() + body
				}
				first := a.key()
				name := a.bind(ofAny)
				return w.name + strings.Replace(middle, "?", name, 1) + last() + withLast(body, name+" := "+first)
			})
		}
	}
	value := func() string { return " := " + a.value(ofAny, usual) }
	member := func() string { return "[" + a.lastKey() + "]" + value() }
	contains := func() string { return " contains " + a.term(ofAny, 1) }
	switch a.random.IntN(8) {
	case 0:
		return false, a.severally(w, one("[?]", contains))
	case 1:
		return false, a.severally(w, one("[?]", member))
	case 2, 3:
		return false, a.severally(w, one("[?]", value))
	case 4:
		return true, []string{
			one(".a := ", func() string { return a.term(ofAny, 1) })(w), one(".b", contains)(w), one(".c", member)(w), one(".d[?]", contains)(w),
		}
	}
	return false, a.severally(w, one("", member))
}

func (a *author) key() string {
	return a.filled(choice(a, "$A", "$A", "$T", "$T", "[$A, $A]", "{$A, $A}", "$N"), 0)
}

var varies = regexp.MustCompile(`\bv\d|input|data|\w\(`)

// lastKey ends a head. Where it is constant no other head has it: topdown takes 1 and 1.0 for two rules there
// and finds neither, and looks at all definitions of one where a plan is over with the first.
func (a *author) lastKey() string {
	key := a.key()
	if varies.MatchString(key) {
		return key
	}
	return strconv.Quote(a.fresh("k"))
}

// known are functions that are answered in Go; see idioms.
var known = []string{
	"f(value, path) := object.get(value, path, null) if is_object(value)\n\nelse := null", "f(value) := value if is_array(value)\n\nelse := []",
	"f(value) := value if is_object(value)\n\nelse := {}", `f(value) if type_name(value) in {"array", "null"}`, `f(value) if type_name(value) in {"string", "null"}`,
}

// function writes definitions that differ in their operands, or one that does in its values.
func (a *author) function(w written) []string {
	usual := a.constant(w.of)
	var out []string
	if a.chance(20) {
		out = append(out, fmt.Sprintf("default %s(%s) := %s", w.name, strings.TrimSuffix(strings.Repeat("_, ", w.arity), ", "), a.constant(w.of)))
	}
	if a.chance(35) {
		return append(out, a.inside(func() string { return a.chain(w, a.head(w)) }))
	}
	return append(out, a.severally(w, func(w written) string {
		return a.inside(func() string {
			head := a.head(w)
			return a.scoped(func(body string) string { return head + " := " + a.value(w.of, usual) + body })
		})
	})...)
}

// head has a name for each operand, a constant or a pattern.
func (a *author) head(w written) string {
	operands := make([]string, w.arity)
	for i := range operands {
		switch roll := a.random.IntN(100); {
		case roll < 20:
			operands[i] = a.constant(choice(a, ofText, ofNumber, ofTruth))
		case roll < 32:
			operands[i] = a.pattern(10)
		default:
			operands[i] = a.bind(dynamic)
		}
	}
	return w.name + "(" + strings.Join(operands, ", ") + ")"
}
