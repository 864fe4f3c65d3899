package plan

import (
	"fmt"
	"slices"
	"strings"
)

// body writes some statements; what they bind may be used after them.
func (a *author) body(statements, depth int) []string {
	var out []string
	for range statements {
		out = append(out, a.statement(depth)...)
	}
	return out
}

// statement writes one, with the declaration that may have to stand before it.
func (a *author) statement(depth int) []string {
	with := ""
	if a.chance(8) {
		with = a.with()
	}
	var out []string
	switch roll := a.random.IntN(100); {
	case roll < 20:
		out = []string{a.assigned(depth)}
	case roll < 45:
		out = []string{a.some(depth)}
	case roll < 53:
		out = []string{a.unpacked()}
	case roll < 65:
		out = a.sought(depth)
	case roll < 70:
		out = []string{a.every(depth)}
	default:
		out = []string{a.condition(depth)}
	}
	out[len(out)-1] += with
	return out
}

// assigned gives something a name.
func (a *author) assigned(depth int) string {
	of := choice(a, ofAny, ofText, ofNumber, ofTruth, ofList, ofSet, ofObject, dynamic, dynamic)
	term := a.term(of, depth)
	return a.bind(of) + choice(a, " := ", " := ", " = ") + term
}

// some goes through a collection: by its members, by keys and members, or by a pattern.
func (a *author) some(depth int) string {
	in, of := a.collection(depth)
	switch {
	case of == dynamic && a.chance(40):
		return "some " + a.pattern(10) + " in " + in
	case a.chance(40):
		return "some " + a.bind(ofAny) + ", " + a.bind(of) + " in " + in
	}
	return "some " + a.bind(of) + " in " + in
}

// pattern takes a value apart. Each question mark is a part of it.
func (a *author) pattern(withConstants int) string {
	parts := strings.Split(choice(a, "[?, ?]", "[?, ?]", "[?, ?, ?]", "[?, [?, ?]]", `{"t": ?, "n": ?}`, "[?]"), "?")
	out := parts[0]
	for _, part := range parts[1:] {
		switch {
		case a.chance(15):
			out += "_"
		case a.chance(withConstants):
			out += a.constant(choice(a, ofText, ofNumber))
		default:
			out += a.bind(dynamic)
		}
		out += part
	}
	return out
}

// unpacked unifies a pattern with what may fit.
func (a *author) unpacked() string {
	from := a.term(dynamic, 0)
	if a.chance(50) {
		return a.pattern(0) + " := " + from // which takes no constants
	}
	return a.pattern(10) + " = " + from
}

// sought has evaluation find what a name may be: a key, a member of a set, or what is under a key.
func (a *author) sought(depth int) []string {
	in, of := a.collection(depth)
	var rules []string
	for _, w := range a.rules {
		if w.is == partialSet || w.is == partialObject && a.mayAsk(w) {
			rules = append(rules, a.reference(w))
		}
	}
	if len(rules) > 0 && a.chance(60) {
		in, of = choice(a, rules...), ofAny
	} else if strings.ContainsAny(in[:1], "([{0123456789\"") || strings.HasPrefix(in, "set(") {
		term := in
		in = a.bind(ofAny)
		return []string{in + " := " + term, in + "[_]"}
	}
	if a.pkg == "main" && !a.apart && a.chance(5) {
		in, of = "data.lib", ofAny
	}
	if of == dynamic && a.chance(10) {
		return []string{in + "[" + a.pattern(10) + "]"}
	}
	key := a.bind(ofAny)
	declared := "some " + key
	if a.chance(30) {
		return []string{declared, in + "[" + key + "]"}
	}
	return []string{declared, a.bind(of) + " := " + in + "[" + key + "]"}
}

// condition asks about what has a name already.
func (a *author) condition(depth int) string {
	switch roll := a.random.IntN(100); {
	case roll < 25:
		of := choice(a, ofText, ofNumber, ofTruth, ofList, ofSet, dynamic)
		return a.term(of, depth) + choice(a, " == ", " != ", " != ", " < ", " >= ") + a.term(of, depth)
	case roll < 50:
		return a.filled(choice(a, calls[ofTruth]...), depth)
	case roll < 68:
		return "not " + a.keptApart(func() string { return a.simple(depth) })
	case roll < 80:
		return a.filled(choice(a, "$A in $D", "$D in $L", "$D in $S", "$D in $O", "$T, $A in $D", "$D, $D in $L"), depth)
	}
	return a.simple(depth)
}

// simple is a condition that may stand behind a not.
func (a *author) simple(depth int) string {
	if asked := a.asked(choice(a, ofAny, ofTruth), depth); asked != "" && a.chance(60) {
		return asked
	}
	return a.either(
		func() string { return a.outside(choice(a, ofTruth, ofAny)) },
		func() string { return a.filled(choice(a, calls[ofTruth]...), depth) },
		func() string {
			return a.filled(choice(a, "$A == $D", "$N > $N", "$A in $D", "$D in $S", "object.get($D, $T, false)"), depth)
		},
	)
}

func (a *author) every(depth int) string {
	in, of := a.collection(depth)
	return a.inside(func() string {
		names := a.bind(of)
		if a.chance(40) {
			names = a.bind(ofAny) + ", " + names
		}
		conditions := a.body(a.random.IntN(5)/3, depth-1)
		conditions = append(conditions, a.condition(depth-1))
		return "every " + names + " in " + in + " { " + strings.Join(conditions, "; ") + " }"
	})
}

// with puts something in the place of a document, a rule or a function. Functions come last, and input
// first: where a function comes before a document, OPA's planner replaces another one than it should.
func (a *author) with() string {
	var all []string
	for range 1 + a.random.IntN(6)/4 {
		all = append(all, " with "+a.replacement())
	}
	rank := func(replacement string) int {
		target := strings.TrimPrefix(replacement, " with ")
		return slices.IndexFunc([]string{"input", "data.", ""}, func(head string) bool { return strings.HasPrefix(target, head) })
	}
	slices.SortStableFunc(all, func(x, y string) int { return rank(x) - rank(y) })
	return strings.Join(all, "")
}

func (a *author) replacement() string {
	term := func(of kind) string { return a.term(of, 1) }
	if len(a.rules) > 0 && a.chance(35) {
		w := choice(a, a.rules...)
		if w.is == callable && a.chance(50) {
			return fmt.Sprintf("data.%s.%s as %s", w.pkg, w.name, term(ofAny))
		}
		return fmt.Sprintf("data.%s.%s as %s", w.pkg, w.name, term(w.of))
	}
	return a.either(
		func() string { return "input as " + a.document(false).String() },
		func() string { return "input as " + term(choice(a, ofObject, ofAny)) },
		func() string { return "input.t as " + term(ofText) },
		func() string { return "input." + choice(a, "list", "words", "numbers") + " as " + term(ofList) },
		func() string { return "input.deep.obj.t as " + term(ofAny) },
		func() string { return "input.obj as " + term(ofObject) },
		func() string { return "data.base.t as " + term(ofText) },
		func() string { return "data.base as " + term(ofObject) },
		func() string { return "data.base.deep.list as " + term(ofList) },
		func() string { return "count as " + choice(a, "7", "type_name") },
		func() string { return "upper as lower" },
		func() string { return "startswith as " + choice(a, "endswith", "true", "contains") },
	)
}
