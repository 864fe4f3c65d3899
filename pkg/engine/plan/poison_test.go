package plan

import "github.com/open-policy-agent/opa/v1/ast"

// Poison has every evaluation of a plan begin with a value in each place of the stack: whoever reads
// what was not written yet gets that.
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
