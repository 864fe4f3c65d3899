package plan

import "github.com/open-policy-agent/opa/v1/ast"

// maxRecalled is how many operands a function may have, beside input and data, whose last answer
// is remembered.
const maxRecalled = 3

// recalled is what a function was asked last in an evaluation, and what it gave. Policies ask the
// same about the same value, one after the other and once for each entry of a list.
type recalled struct {
	known bool
	args  [maxRecalled]*ast.Term
	value *ast.Term
}

// recall gives what a function answered when it was last asked, if it was asked the same: the
// very terms, since to compare values would cost what is to be saved. Under another input, nothing is.
func (m *machine) recall(fn *function, args []*ast.Term) (*ast.Term, bool) {
	if m.memo != m.outermost || len(args) > maxRecalled {
		return nil, false
	}
	last := &m.last[fn.index]
	if !last.known {
		return nil, false
	}
	for i, a := range args {
		if last.args[i] != a {
			return nil, false
		}
	}
	return last.value, true
}

// remember keeps an answer for recall.
func (m *machine) remember(fn *function, args []*ast.Term, value *ast.Term) {
	if m.memo != m.outermost || len(args) > maxRecalled {
		return
	}
	last := &m.last[fn.index]
	if !last.known {
		m.asked = append(m.asked, fn.index)
	}
	*last = recalled{known: true, value: value}
	copy(last.args[:], args)
}

// forget empties what is remembered, so that it holds on to no value.
func (m *machine) forget() {
	for _, index := range m.asked {
		m.last[index] = recalled{}
	}
	m.asked = m.asked[:0]
}
