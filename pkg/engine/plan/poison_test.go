package plan

import "github.com/open-policy-agent/opa/v1/ast"

// Poison has the first evaluation of a plan begin with a value in each place of the stack: whoever reads
// a place that was not used before gets that.
func (p *Plan) Poison() {
	p.machines.New = func() any {
		m := newMachine(p)
		poison := ast.StringTerm("poison")
		for i := range m.stack[:cap(m.stack)] {
			m.stack[:cap(m.stack)][i] = poison
		}
		return m
	}
}
