package plan

import (
	"errors"
	"strconv"
	"testing"

	"github.com/open-policy-agent/opa/v1/ir"
)

// TestTooLarge: a function that its instructions cannot name all of has no plan, and one just below
// that has.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	function := func(stmts []ir.Stmt, texts int) *ir.Policy {
		policy := &ir.Policy{Static: &ir.Static{}, Plans: &ir.Plans{}, Funcs: &ir.Funcs{Funcs: []*ir.Func{{
			Name: "g0.data.p.r", Path: []string{"g0", "p", "r"}, Params: []ir.Local{ir.Input, ir.Data}, Return: 2,
			Blocks: []*ir.Block{{Stmts: append(stmts, &ir.ReturnLocalStmt{Source: 3})}},
		}}}}
		for i := range texts {
			policy.Static.Strings = append(policy.Static.Strings, &ir.StringConst{Value: strconv.Itoa(i)})
		}
		return policy
	}
	repeated := func(n int, one func(i int) ir.Stmt) []ir.Stmt {
		out := make([]ir.Stmt, n)
		for i := range out {
			out[i] = one(i)
		}
		return out
	}
	many := &ir.Func{Name: "g0.data.p.many", Return: 200}
	for i := range 100 {
		many.Params = append(many.Params, ir.Local(i))
	}
	calls := function(repeated(700, func(int) ir.Stmt { return &ir.CallStmt{Func: many.Name, Args: make100(), Result: 3} }), 1)
	calls.Funcs.Funcs = append(calls.Funcs.Funcs, many)
	toText := func(i int) ir.Stmt { return set(3, text(i)) }
	tests := map[string]struct {
		policy *ir.Policy
		large  bool
	}{
		"instructions":                     {function(repeated(66000, func(int) ir.Stmt { return add(text(0)) }), 1), true},
		"nearly as many":                   {function(repeated(65000, func(int) ir.Stmt { return add(text(0)) }), 1), false},
		"nearly as many that nobody reads": {function(repeated(65000, func(int) ir.Stmt { return set(3, text(0)) }), 1), false},
		"constants":                        {function(repeated(33000, toText), 33000), true},
		"nearly as many of them":           {function(repeated(32000, toText), 32000), false},
		"locals":                           {function(repeated(33000, func(i int) ir.Stmt { return set(ir.Local(3+i), text(0)) }), 1), true},
		"operands":                         {calls, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, asPlanned := range []bool{false, true} {
				if _, err := link(test.policy, Options{asPlanned: asPlanned}); errors.Is(err, errLarge) != test.large || err != nil && !test.large {
					t.Errorf("as planned %t: %v, want it too large: %t", asPlanned, err, test.large)
				}
			}
		})
	}
}

// make100 are a hundred operands.
func make100() []ir.Operand {
	out := make([]ir.Operand, 100)
	for i := range out {
		out[i] = text(0)
	}
	return out
}
