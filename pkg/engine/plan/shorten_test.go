package plan

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// Locals of the functions below; 0 and 1 are input and data.
const (
	result ir.Local = iota + 2
	found
	key
	value
	x
	y
	z
	items
)

func local(at ir.Local) ir.Operand { return ir.Operand{Value: &at} }

func text(index int) ir.Operand {
	at := ir.StringIndex(index)
	return ir.Operand{Value: &at}
}

func boolean(b bool) ir.Operand {
	v := ir.Bool(b)
	return ir.Operand{Value: &v}
}

func set(to ir.Local, from ir.Operand) ir.Stmt { return &ir.AssignVarStmt{Source: from, Target: to} }

func add(o ir.Operand) ir.Stmt { return &ir.ArrayAppendStmt{Value: o, Array: found} }

func each(body ...ir.Stmt) ir.Stmt {
	return &ir.ScanStmt{Source: items, Key: key, Value: value, Block: &ir.Block{Stmts: body}}
}

func inner(blocks ...[]ir.Stmt) ir.Stmt {
	b := &ir.BlockStmt{}
	for _, stmts := range blocks {
		b.Blocks = append(b.Blocks, &ir.Block{Stmts: stmts})
	}
	return b
}

func not(stmts ...ir.Stmt) ir.Stmt { return &ir.NotStmt{Block: &ir.Block{Stmts: stmts}} }

// begins asks whether a text begins with another, with the answer in y.
func begins(text, with ir.Operand) ir.Stmt {
	return &ir.CallStmt{Func: "startswith", Args: []ir.Operand{text, with}, Result: y}
}

// dot takes what something has under a key that is not there at first.
func dot(from ir.Operand, to ir.Local) ir.Stmt {
	return &ir.DotStmt{Source: from, Key: text(1), Target: to}
}

func isTrue(at ir.Local) ir.Stmt { return &ir.NotEqualStmt{A: local(at), B: boolean(false)} }

// TestShortIsTheSame has functions answer as they are planned and shortened, that begin with an empty
// list and items to go through, and end with the list. OPA's planner need not write them like this
// today. Nothing may be read that was not written.
func TestShortIsTheSame(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want  string
		stmts []ir.Stmt
	}{
		"not written where it ends":       {`[]`, []ir.Stmt{inner([]ir.Stmt{&ir.EqualStmt{A: text(0), B: text(1)}, set(x, local(items))}), inner([]ir.Stmt{&ir.IsDefinedStmt{Source: x}, add(text(0))})}},
		"a loop without a turn":           {`["first"]`, []ir.Stmt{&ir.MakeArrayStmt{Target: z}, &ir.ScanStmt{Source: z, Key: key, Value: value, Block: &ir.Block{Stmts: []ir.Stmt{add(local(value))}}}, inner([]ir.Stmt{&ir.IsUndefinedStmt{Source: value}, add(text(0))})}},
		"after the last turn":             {`[{"k": 3}]`, []ir.Stmt{each(set(x, text(0))), add(local(value))}},
		"handed on":                       {`["first", "first"]`, []ir.Stmt{set(x, text(0)), set(y, local(x)), add(local(y)), add(local(x))}},
		"changed after it is handed on":   {`["first", "second"]`, []ir.Stmt{set(x, text(0)), set(y, local(x)), set(x, text(1)), add(local(y)), add(local(x))}},
		"changed later in the loop":       {`["first", {"k": 1}, {"k": 2}]`, []ir.Stmt{set(x, text(0)), each(set(y, local(x)), add(local(y)), set(x, local(value)))}},
		"changed in an inner loop":        {`["first", {"k": 3}, {"k": 3}, {"k": 3}]`, []ir.Stmt{set(x, text(0)), each(add(local(x)), each(set(x, local(value)))), add(local(x))}},
		"handed on in a loop":             {`["first", "first", "first"]`, []ir.Stmt{set(x, text(0)), each(set(y, local(x)), add(local(y)))}},
		"kept from the last turn":         {`[{"k": 3}, {"k": 3}]`, []ir.Stmt{set(x, text(0)), each(set(y, local(value)), set(x, local(y))), add(local(x)), add(local(y))}},
		"kept while others come and go":   {`["first", 1, 1, "first", 2, 2, "first", 3, 3]`, []ir.Stmt{set(x, text(0)), each(add(local(x)), &ir.DotStmt{Source: local(value), Key: text(2), Target: y}, add(local(y)), &ir.DotStmt{Source: local(value), Key: text(2), Target: z}, add(local(z)))}},
		"undefined at first":              {`["first"]`, []ir.Stmt{each(inner([]ir.Stmt{&ir.IsUndefinedStmt{Source: x}, add(text(0))}), set(x, local(value)))}},
		"undefined again":                 {`[{"k": 1}, {"k": 2}, {"k": 3}]`, []ir.Stmt{each(inner([]ir.Stmt{&ir.IsDefinedStmt{Source: x}, add(local(x))}), set(x, local(value)), add(local(x)), &ir.ResetLocalStmt{Target: x})}},
		"reset and assigned":              {`[[{"k": 1}, {"k": 2}, {"k": 3}]]`, []ir.Stmt{&ir.ResetLocalStmt{Target: x}, &ir.AssignVarOnceStmt{Source: local(items), Target: x}, add(local(x))}},
		"assigned in one of two":          {`[[{"k": 1}, {"k": 2}, {"k": 3}]]`, []ir.Stmt{&ir.ResetLocalStmt{Target: x}, inner([]ir.Stmt{not(set(y, text(0))), &ir.AssignVarOnceStmt{Source: local(result), Target: x}}, []ir.Stmt{&ir.AssignVarOnceStmt{Source: local(items), Target: x}}), add(local(x))}},
		"written where it ends":           {`["first"]`, []ir.Stmt{set(x, text(0)), inner([]ir.Stmt{&ir.EqualStmt{A: text(0), B: text(1)}, set(x, text(1))}), add(local(x))}},
		"written in an inner block":       {`["first"]`, []ir.Stmt{inner([]ir.Stmt{set(x, text(0))}), add(local(x))}},
		"used again for something else":   {`["first", "second", {"k": 1}, {"k": 2}, {"k": 3}]`, []ir.Stmt{set(x, text(0)), add(local(x)), set(x, text(1)), add(local(x)), each(set(x, local(value)), add(local(x)))}},
		"a call that is undefined":        {`["second"]`, []ir.Stmt{set(x, text(0)), inner([]ir.Stmt{&ir.CallStmt{Func: "upper", Args: []ir.Operand{local(items)}, Result: x}}), inner([]ir.Stmt{&ir.IsUndefinedStmt{Source: x}, add(text(1))})}},
		"what says no is true":            {`[]`, []ir.Stmt{inner([]ir.Stmt{begins(text(0), text(1)), isTrue(y), add(text(0))})}},
		"what says yes is true":           {`["first"]`, []ir.Stmt{inner([]ir.Stmt{begins(text(0), text(0)), isTrue(y), add(text(0))})}},
		"what is undefined is not true":   {`[]`, []ir.Stmt{inner([]ir.Stmt{begins(local(items), text(0)), isTrue(y), add(text(0))})}},
		"not what says yes":               {`[]`, []ir.Stmt{inner([]ir.Stmt{not(begins(text(0), text(0)), isTrue(y)), add(text(0))})}},
		"not what says no":                {`["first"]`, []ir.Stmt{inner([]ir.Stmt{not(begins(text(0), text(1)), isTrue(y)), add(text(0))})}},
		"not what is undefined":           {`["first"]`, []ir.Stmt{inner([]ir.Stmt{not(begins(local(items), text(0)), isTrue(y)), add(text(0))})}},
		"no path over two blocks":         {`[]`, []ir.Stmt{inner([]ir.Stmt{dot(local(ir.Input), y), inner([]ir.Stmt{dot(local(y), z), add(local(z))}), add(text(0))})}},
		"not true where it is asked":      {`[]`, []ir.Stmt{inner([]ir.Stmt{begins(local(items), text(0)), not(isTrue(y)), add(text(0))})}},
		"returned if it is defined":       {`["first"]`, []ir.Stmt{inner([]ir.Stmt{&ir.EqualStmt{A: text(0), B: text(1)}, set(x, text(0))}), inner([]ir.Stmt{&ir.IsDefinedStmt{Source: x}, &ir.ReturnLocalStmt{Source: x}}), add(text(0))}},
		"returned at once":                {`"first"`, []ir.Stmt{inner([]ir.Stmt{set(x, text(0))}), inner([]ir.Stmt{&ir.IsDefinedStmt{Source: x}, &ir.ReturnLocalStmt{Source: x}}), add(text(0))}},
		"returned if another is defined":  {``, []ir.Stmt{inner([]ir.Stmt{&ir.EqualStmt{A: text(0), B: text(1)}, set(x, text(0))}), &ir.IsDefinedStmt{Source: x}}},
		"what is asked and told":          {`[true]`, []ir.Stmt{inner([]ir.Stmt{begins(text(0), text(0)), isTrue(y), add(local(y))})}},
		"undefined in another block":      {`["first", "second"]`, []ir.Stmt{inner([]ir.Stmt{inner([]ir.Stmt{begins(local(items), text(0))}), isTrue(y), add(text(0))}), add(text(1))}},
		"not equal":                       {`["first"]`, []ir.Stmt{not(&ir.EqualStmt{A: text(0), B: text(1)}), add(text(0))}},
		"not an equal one":                {`[]`, []ir.Stmt{inner([]ir.Stmt{not(&ir.EqualStmt{A: text(0), B: text(0)}), add(text(0))})}},
		"not, and a block before it ends": {`["first"]`, []ir.Stmt{not(inner([]ir.Stmt{&ir.BreakStmt{Index: 0}}), &ir.EqualStmt{A: text(0), B: text(1)}), add(text(0))}},
		"not, two of them":                {`["first", "second"]`, []ir.Stmt{not(set(x, boolean(false)), &ir.NotEqualStmt{A: local(x), B: boolean(false)}), add(text(0)), not(not(&ir.EqualStmt{A: text(0), B: text(0)})), add(text(1))}},
		"out of a loop":                   {`[{"k": 1}, "first"]`, []ir.Stmt{inner([]ir.Stmt{each(set(x, local(value)), add(local(x)), &ir.BreakStmt{Index: 2})}), add(text(0))}},
		"out of two loops":                {`[{"k": 1}, "first"]`, []ir.Stmt{inner([]ir.Stmt{each(each(add(local(value)), &ir.BreakStmt{Index: 4})), add(text(1))}), add(text(0))}},
		"on with the outer loop":          {`[{"k": 1}, {"k": 1}, {"k": 1}, "first"]`, []ir.Stmt{each(each(add(local(value)), &ir.BreakStmt{Index: 2}), add(text(1))), add(text(0))}},
		"out of a not in a loop":          {`[{"k": 1}, {"k": 2}, {"k": 3}, "first"]`, []ir.Stmt{each(not(add(local(value)), &ir.BreakStmt{Index: 1}), add(text(1))), add(text(0))}},
		"under another input":             {`[{"k": [{"k": 1}, {"k": 2}, {"k": 3}]}, "second", "second", {"k": [{"k": 1}, {"k": 2}, {"k": 3}]}]`, []ir.Stmt{set(x, local(ir.Input)), &ir.WithStmt{Local: ir.Input, Value: text(1), Block: &ir.Block{Stmts: []ir.Stmt{set(y, local(ir.Input)), add(local(x)), add(local(y)), add(local(ir.Input))}}}, add(local(ir.Input))}},
		"undefined under another input":   {`["second", "k"]`, []ir.Stmt{inner([]ir.Stmt{&ir.WithStmt{Local: ir.Input, Value: text(1), Block: &ir.Block{Stmts: []ir.Stmt{add(local(ir.Input)), &ir.BreakStmt{Index: 0}}}}, add(text(0))}), add(text(2))}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := append([]ir.Stmt{
				&ir.MakeArrayStmt{Target: found}, &ir.DotStmt{Source: local(ir.Input), Key: text(2), Target: items},
			}, test.stmts...)
			end := []ir.Stmt{&ir.AssignVarOnceStmt{Source: local(found), Target: result}, &ir.ReturnLocalStmt{Source: result}}
			policy := &ir.Policy{Static: &ir.Static{}, Plans: &ir.Plans{}, Funcs: &ir.Funcs{Funcs: []*ir.Func{{
				Name: "g0.data.p.r", Path: []string{"g0", "p", "r"}, Params: []ir.Local{ir.Input, ir.Data}, Return: result,
				Blocks: []*ir.Block{{Stmts: append(whole, end...)}},
			}}}}
			for _, s := range []string{"first", "second", "k"} {
				policy.Static.Strings = append(policy.Static.Strings, &ir.StringConst{Value: s})
			}
			input := ast.MustParseTerm(`{"k": [{"k": 1}, {"k": 2}, {"k": 3}]}`).Value
			short := linked(t, policy, Options{})
			short.Poison()
			var want ast.Value // nil where it is undefined
			if test.want != "" {
				want = ast.MustParseTerm(test.want).Value
			}
			for name, p := range map[string]*Plan{"as planned": linked(t, policy, Options{asPlanned: true}), "short": short} {
				if got := ask(t, p, "p/r", input); (got == nil) != (want == nil) || want != nil && want.Compare(got) != 0 {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
		})
	}
}
