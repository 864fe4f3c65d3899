package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// author writes random Rego of one seed. It knows what may be named where it is, and of what kind that
// is, since OPA's compiler refuses what is named too early or cannot be of the type that is asked for.
type author struct {
	random *rand.Rand
	// pkg is the package that is being written, rules are those that stand before.
	pkg   string
	rules []written
	scope []variable
	names int
	// aloof keeps away from input and base documents: such rules always give the same, which a plan
	// makes use of.
	aloof bool
	// apart keeps away from packages, and rules of parts, as a whole: within a not, where OPA's planner looks at
	// base documents alone if there are names of several parts in them, and in lists, for which they have no order.
	apart bool
}

// written is a rule that later ones may ask, and the definitions that it consists of.
type written struct {
	pkg, name string
	is        ruleForm
	of        kind
	arity     int
	// parts is one whose members have names of their own, as r.a and r.b.
	parts       bool
	definitions []string
}

type ruleForm int

const (
	complete ruleForm = iota
	partialSet
	partialObject
	callable
)

// kind is what a term is known to be before it is evaluated. What is dynamic comes from outside, so
// that the compiler allows it everywhere; ofAny is what it may know more of than we do.
type kind int

const (
	ofAny kind = iota
	dynamic
	ofText
	ofNumber
	ofTruth
	ofList
	ofSet
	ofObject
)

type variable struct {
	name string
	of   kind
}

// packages are written in this order, so that the rules of the second one ask those of the first.
var packages = []string{"lib", "main"}

func newAuthor(seed uint64) *author {
	return &author{random: rand.New(rand.NewPCG(seed, 13))}
}

func (a *author) chance(percent int) bool { return a.random.IntN(100) < percent }

func choice[T any](a *author, of ...T) T { return of[a.random.IntN(len(of))] }

// either writes in one of several ways; a way that stands there twice is taken twice as often.
func (a *author) either(ways ...func() string) string { return choice(a, ways...)() }

// fresh is a name that stands for nothing yet.
func (a *author) fresh(prefix string) string {
	a.names++
	return fmt.Sprintf("%s%d", prefix, a.names)
}

// bind makes a name one that may be used from here on.
func (a *author) bind(of kind) string {
	name := a.fresh("v")
	a.scope = append(a.scope, variable{name, of})
	return name
}

// inside writes something whose names are its own.
func (a *author) inside(write func() string) string {
	outside := len(a.scope)
	defer func() { a.scope = a.scope[:outside] }()
	return write()
}

// keptApart writes something that asks for no package.
func (a *author) keptApart(write func() string) string {
	outside := a.apart
	a.apart = true
	defer func() { a.apart = outside }()
	return write()
}

// variable is a name that may stand where something of a kind is wanted; empty where there is none.
func (a *author) variable(of kind) string {
	var fit []string
	for _, v := range a.scope {
		if of == ofAny || v.of == of || v.of == dynamic && (of == dynamic || a.chance(30)) {
			fit = append(fit, v.name)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	return choice(a, fit...)
}

// samples are constants by kind. Among them are those whose hashes are the same and those that are equal and are
// written otherwise; a text that is a number is left out, which finds a member of a base document
// when topdown looks for the number.
var samples = map[kind][]string{
	ofText:   {`"a"`, `"b"`, `"ab"`, `""`, `"a-b"`, `"t"`, `"n"`},
	ofNumber: {"0", "1", "1.0", "1.5", "2", "-1", "3"},
	ofTruth:  {"true", "false"},
	ofList:   {"[]", `["a", "b"]`, `["b", "a"]`, "[1, 1.5]", "[null]", `["a", 1]`, `[["a", "b"], ["b", "a"], 1, 1.5, 1, true, null, [], ["a", "b"]]`},
	ofSet:    {"set()", `{"a"}`, `{"a", "b"}`, `{1, true, "b"}`, `{["a", "b"], ["b", "a"], 1, 1.5, true}`},
	ofObject: {"{}", `{"a": "b"}`, `{"b": "a"}`, `{"t": "a", "n": 1}`, `{1: "a", 1.5: "b", true: "c"}`, `{["a", "b"]: 1, ["b", "a"]: 2}`},
}

func (a *author) constant(of kind) string {
	if of == ofAny || of == dynamic {
		if a.chance(10) {
			return "null"
		}
		of = choice(a, ofText, ofNumber, ofTruth, ofText, ofNumber, ofList, ofSet, ofObject)
	}
	return choice(a, samples[of]...)
}

// document is an input, or a base document; what is in it mostly is of the type that its name says.
func (a *author) document(base bool) ast.Value {
	var members []string
	for _, m := range []struct {
		name string
		of   kind
	}{
		{"t", ofText}, {"u", ofText}, {"n", ofNumber}, {"m", ofNumber}, {"yes", ofTruth}, {"words", ofList}, {"list", ofList},
		{"numbers", ofList}, {"pairs", ofList}, {"obj", ofObject}, {"deep", ofObject}, {"a", ofAny}, {"b", ofAny}, {"which", ofText},
	} {
		if !a.chance(12) {
			members = append(members, fmt.Sprintf("%q: %s", m.name, a.member(m.name, m.of, base)))
		}
	}
	return ast.MustParseTerm("{" + strings.Join(members, ", ") + "}").Value
}

// someRule is the name of one of some forms.
func (a *author) someRule(of ...ruleForm) string {
	names := []string{"r1"}
	for _, w := range a.rules {
		if slices.Contains(of, w.is) {
			names = append(names, w.name)
		}
	}
	return choice(a, names...)
}

// base are base documents: one that is read, and some beside rules or in their place. In the place of a
// function, or of a partial object with a key like 1, they are something else for topdown and for OPA's plan.
func (a *author) base() ast.Value {
	text := fmt.Sprintf(`{"base": %v`, a.document(true))
	if name := a.someRule(complete, partialSet); a.chance(50) && name != "r1" {
		text += fmt.Sprintf(`, "lib": {"x": {"y": 1}, %q: %s}`, name, choice(a, `"base"`, `{"x": "base"}`, "[1]"))
	}
	return ast.MustParseTerm(text + "}").Value
}

// member is a member of a document. One that comes from a cluster is JSON, as a base document is; some
// others are not.
func (a *author) member(name string, of kind, base bool) string {
	if a.chance(10) {
		if !base && a.chance(30) {
			return a.constant(ofAny)
		}
		return choice(a, "null", "1", `"a"`, "[]", "{}", "true", `["a", "b"]`, `{"a": 1}`)
	}
	several := func(each func() string) string {
		var out []string
		for range a.random.IntN(5) {
			out = append(out, each())
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	scalar := func() string { return a.constant(choice(a, ofText, ofText, ofNumber, ofTruth)) }
	pair := func() string {
		return fmt.Sprintf(choice(a, "[%s, %s]", "[%s, %s, 1]", `["a", [%s, %s]]`, `{"t": %s, "n": %s}`), scalar(), scalar())
	}
	switch name {
	case "words":
		return several(func() string { return a.constant(ofText) })
	case "numbers":
		return several(func() string { return a.constant(ofNumber) })
	case "list":
		return several(func() string { return a.either(scalar, scalar, pair) })
	case "pairs":
		return several(pair)
	case "obj":
		return fmt.Sprintf(choice(a, `{"t": %s, "n": %s}`, `{"a": %s, "b": %s}`, `{"t": %s, "n": %s, "b": true}`), scalar(), scalar())
	case "deep":
		return fmt.Sprintf(`{"obj": {"t": %s, "n": %s}, "list": %s}`, scalar(), scalar(), several(pair))
	case "which":
		return strconv.Quote(a.someRule(complete, partialSet, partialObject, callable))
	case "a", "b":
		return a.either(scalar, pair, func() string { return "null" })
	}
	return a.constant(of)
}
