package plan

import "github.com/open-policy-agent/opa/v1/ast"

// maxRecalled is how many operands a function may have, beside input and data, whose last answer
// is remembered.
const maxRecalled = 3

// memo remembers, by function, what rules gave under the same input and data, and what functions
// gave last: policies ask the same about the same value, one after the other and once for each entry
// of a list.
type memo struct {
	answers []answer
	// recalls says that the last answers of functions are remembered too, answered which have one.
	recalls  bool
	answered []int
}

// answer is what a function was asked last, and what it gave.
type answer struct {
	known bool
	value *ast.Term
	args  [maxRecalled]*ast.Term
}

// to gives the answer if it is to the same: the very terms, since to compare values would cost what
// is to be saved.
func (a *answer) to(args []*ast.Term) (*ast.Term, bool) {
	if !a.known {
		return nil, false
	}
	for i, arg := range args {
		if a.args[i] != arg {
			return nil, false
		}
	}
	return a.value, true
}

func (m *memo) remember(function int, args []*ast.Term, value *ast.Term) {
	a := &m.answers[function]
	if !a.known {
		m.answered = append(m.answered, function)
	}
	*a = answer{known: true, value: value}
	copy(a.args[:], args)
}

// keep remembers a value that a rule always gives, for good.
func (m *memo) keep(rule int, value *ast.Term) {
	m.answers[rule] = answer{known: true, value: value}
}

// clear empties it but for what is always so, so that it holds on to no value.
func (m *memo) clear() {
	for _, function := range m.answered {
		m.answers[function] = answer{}
	}
	m.answered = m.answered[:0]
}
