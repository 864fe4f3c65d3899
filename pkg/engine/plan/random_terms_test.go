package plan

import (
	"fmt"
	"strings"
)

// operandKinds are the kinds of operands, as calls name them.
var operandKinds = map[byte]kind{'T': ofText, 'N': ofNumber, 'B': ofTruth, 'L': ofList, 'S': ofSet, 'O': ofObject, 'A': ofAny, 'D': dynamic}

// calls are what gives a value of a kind: capitals after a $ stand for operands.
var calls = map[kind][]string{
	ofText: {
		`concat("-", [$T, $T])`, `concat(",", $D)`, `concat("", $D)`, `sprintf("%v:%v", [$A, $A])`, `sprintf("%d/%s", [$N, $T])`, "lower($T)", "upper($T)",
		`trim($T, "a")`, `replace($T, "a", "b")`, "substring($T, 0, 1)", "type_name($A)", "trim_prefix($T, $T)", "trim_suffix($T, $T)", "format_int($N, 10)",
	},
	ofNumber: {
		"count($L)", "count($S)", "count($O)", "count($T)", "sum([$N, $N])", "max([$N, $N])", "min({$N, $N})", "to_number($T)", "to_number($N)",
		"($N + $N)", "($N - $N)", "($N * $N)", "($N / $N)", "($N % $N)", "abs($N)", "round($N)", "indexof($T, $T)",
	},
	ofTruth: {
		"contains($T, $T)", "startswith($T, $T)", "endswith($T, $T)", `regex.match("^a", $T)`, `regex.match("[ab]+", $T)`, "is_string($A)", "is_number($A)",
		"is_array($A)", "is_object($A)", "is_set($A)", "is_boolean($A)", "is_null($A)", "($T == $T)", "($N < $N)", "($N >= $N)", "($L != $L)", "($S == $S)", "($A in $D)",
		"($D in $S)", "($D in $O)", "($D, $D in $O)", "($D == $A)",
	},
	ofList: {
		"[$A]", "[$A, $A]", "[$A, [$A, $A]]", "array.concat($L, $L)", "array.slice($L, 0, 2)", "array.slice($L, 0, 100)", "array.slice($L, $N, $N)",
		`split($T, "-")`, `split($T, "a")`, "sort($L)", "sort($S)", "array.reverse($L)", "numbers.range(0, $N)",
	},
	ofSet: {
		"{$A}", "{$A, $A}", "($S | $S)", "($S & $S)", "($S - $S)", "object.keys($O)", "union({$S, $S})", "intersection({$S, $S})",
	},
	ofObject: {
		`{"t": $A}`, `{"t": $A, "n": $A}`, "{$A: $A}", "object.union($O, $O)", `object.remove($O, ["t"])`, `object.filter($O, {"t", "n"})`,
		`object.union({"t": $A}, {"n": $A})`,
	},
	ofAny: {
		"object.get($O, $T, $A)", "object.get($O, [$T, $T], $A)", `object.get($O, "t", null)`, "max($L)", "min($S)", "sum($D)", "$T", "$N", "$L", "$S", "$O", "$B",
	},
}

// term writes something of a kind that has a value, or may turn out to have none.
func (a *author) term(of kind, depth int) string {
	roll := a.random.IntN(100)
	if roll < 45 {
		if v := a.variable(of); v != "" {
			return v
		}
	}
	switch {
	case of == dynamic:
		return a.outside(of)
	case depth <= 0 && roll < 60, roll < 15:
		return a.constant(of)
	case depth <= 0 || roll < 55:
		return a.outside(of)
	case roll < 68:
		if asked := a.asked(of, depth-1); asked != "" {
			return asked
		}
	}
	if of >= ofList && a.chance(35) {
		return a.comprehension(of, depth-1)
	}
	return a.filled(choice(a, calls[of]...), depth-1)
}

// filled puts operands where a call wants them.
func (a *author) filled(call string, depth int) string {
	parts := strings.Split(call, "$")
	var out strings.Builder
	out.WriteString(parts[0])
	for _, part := range parts[1:] {
		out.WriteString(a.term(operandKinds[part[0]], depth))
		out.WriteString(part[1:])
	}
	return out.String()
}

// opaque are texts of values that the compiler knows nothing of.
var opaque = []string{`"a"`, "1", `["a", "b"]`, `[1, ["a", 1.5]]`, `{"t": "a", "n": 1}`, `[["b", "a"], ["a", "b"], true]`}

// outside reads input or a base document, where that is allowed.
func (a *author) outside(of kind) string {
	if a.aloof && of == dynamic {
		return "json.unmarshal(`" + choice(a, opaque...) + "`)"
	} else if a.aloof {
		return a.constant(of)
	}
	paths := map[kind][]string{
		ofText:   {"t", "u", "obj.t", "deep.obj.t"},
		ofNumber: {"n", "m", "obj.n"},
		ofTruth:  {"yes"},
		ofList:   {"words", "list", "numbers", "pairs", "deep.list"},
		ofObject: {"obj", "deep", "deep.obj"},
		ofAny:    {"a", "b", "t", "n", "obj", "list", "list[0]", "pairs[1]", "pairs[0][1]", "obj.a", "deep", "which"},
	}
	root := choice(a, "input", "input", "input", "data.base")
	switch of {
	case ofSet:
		return "{v | some v in " + a.outside(ofList) + "}"
	case ofAny, dynamic:
		if v := a.variable(ofText); v != "" && a.chance(15) {
			return root + "[" + v + "]"
		}
		of = ofAny
	}
	return root + "." + choice(a, paths[of]...)
}

// collection is what one can go through, and what is known of its members.
func (a *author) collection(depth int) (text string, of kind) {
	if !a.aloof && a.chance(55) {
		return a.outside(choice(a, ofList, ofList, ofObject)), dynamic
	}
	return a.term(choice(a, ofList, ofSet, ofObject), depth), ofAny
}

// comprehension collects. The keys of an object are texts: of others with one hash, topdown loses some.
func (a *author) comprehension(of kind, depth int) string {
	if of == ofList && !a.apart {
		return a.keptApart(func() string { return a.comprehension(of, depth) })
	}
	return a.inside(func() string {
		body := a.body(1+a.random.IntN(2), depth)
		head, left, right := a.term(ofAny, min(depth, 1)), "[", "]"
		switch of {
		case ofSet:
			left, right = "{", "}"
		case ofObject:
			left, right = "{", "}"
			key := a.filled(choice(a, `sprintf("%v", [$A])`, `concat("", ["a", $T])`, "lower($T)", "type_name($A)"), 0)
			value := choice(a, key, key, `"same"`, "true", head)
			head = key + ": " + value
		}
		return left + head + " | " + strings.Join(body, "; ") + right
	})
}

// reference names a rule.
func (a *author) reference(w written) string {
	if w.pkg == a.pkg && a.chance(80) {
		return w.name
	}
	return "data." + w.pkg + "." + w.name
}

func (a *author) mayAsk(w written) bool { return !a.apart || !w.parts }

// asked asks an earlier rule, or calls a function; empty where there is none of the kind.
func (a *author) asked(of kind, depth int) string {
	var fit []written
	for _, w := range a.rules {
		if (of == ofAny || of == w.of) && a.mayAsk(w) {
			fit = append(fit, w)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	w := choice(a, fit...)
	switch {
	case w.is == callable:
		return a.call(w, depth)
	case w.is == partialObject && of == ofAny && a.chance(60):
		return fmt.Sprintf("%s[%s]", a.reference(w), a.term(choice(a, ofAny, dynamic, dynamic), min(depth, 1)))
	case of == ofAny && a.pkg == "main" && !a.aloof && !a.apart && a.chance(12):
		return choice(a, "data.lib", "data.lib[input.which]", "data.lib["+a.term(dynamic, 0)+"]", "data.lib.x")
	}
	return a.reference(w)
}

func (a *author) call(w written, depth int) string {
	operands := make([]string, w.arity)
	for i := range operands {
		if len(a.scope) > 0 && a.chance(50) {
			operands[i] = choice(a, a.scope...).name
			continue
		}
		operands[i] = a.term(choice(a, ofAny, dynamic), min(depth, 1))
	}
	return a.reference(w) + "(" + strings.Join(operands, ", ") + ")"
}
