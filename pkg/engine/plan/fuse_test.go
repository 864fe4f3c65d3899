package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

const patterns = `package patterns

two := [[a, b] | some [a, b] in input.values]

three := [[a, b, c] | some [a, b, c] in input.values]

none := [1 | some [] in input.values]

skips := [[a, c] | some [a, _, c] in input.values]

twice := [a | some [a, a] in input.values]

inner := [[a, b, c] | some [a, [b, c]] in input.values]

outer := [[a, b, c] | some [[a, b], c] in input.values]

constant := [a | some [a, "x"] in input.values]

first := [a | some ["x", a] in input.values]

in_object := [[a, b] | some [a, {"k": b}] in input.values]

known := [b | a := 1; [a, b] = input.values[_]]

assigned := [[a, b] | some v in input.values; [a, b] := v]

swapped := [[b, a] | some v in input.values; [a, b] := v; is_number(a)]

again := [[a, c] | some v in input.values; [a, _] := v; [_, c] := v]

keys := [[k, a] | some k, [a, _] in input.values]
`

// TestPatternsAreTakenApartAlike asks rules with patterns of every form, in few steps and one
// statement after the other, of values that fit and of those that do not.
func TestPatternsAreTakenApartAlike(t *testing.T) {
	t.Parallel()
	module := ast.MustParseModule(patterns)
	var paths []string
	for _, r := range module.Rules {
		paths = append(paths, "patterns/"+r.Head.Name.String())
	}
	fused, asPlanned := bothWays(t, module, paths)
	input := ast.MustParseTerm(`{"values": [
		[], [1], [1, 2], [1, 1], ["x", "x"], [1, "x"], ["x", 3], [1, 2, 3], [1, 2, 3, 4], [1, [2, 3]], [[1, 2], 3], [1, [2]], [[1], 2],
		[1, {"k": 2}], [1, {"j": 2}], [null, false], null, 1, "xy", {"0": 1, "1": 2}, {0: 1, 1: 2}, {1, 2}, [[], []]]}`).Value
	for _, path := range paths {
		want, got := ask(t, asPlanned, path, input), ask(t, fused, path, input)
		if want.Compare(got) != 0 {
			t.Errorf("%s: one by one %v, in few steps %v", path, want, got)
		}
		if a, ok := want.(*ast.Array); !ok || a.Len() == 0 {
			t.Errorf("%s: nothing fits: %v", path, want)
		}
	}
}

// TestPatternsAreKnown: where OPA plans a pattern in another way than it did, policies are only
// slower, which no other test would see.
func TestPatternsAreKnown(t *testing.T) {
	t.Parallel()
	module := ast.MustParseModule("package p\n\nx := [[a, b, c] | some [a, b, c] in input.values]\n")
	policy, err := planned(t.Context(), map[string]*ast.Module{"m.rego": module}, []string{"p/x"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, f := range policy.Funcs.Funcs {
		for _, b := range f.Blocks {
			visit(b, func(stmts []ir.Stmt) {
				if p, taken := patternOf(stmts); taken > 0 {
					found = append(found, len(p.members), taken)
				}
			})
		}
	}
	if diff := cmp.Diff([]int{3, 14}, found); diff != "" {
		t.Errorf("members and statements of each pattern (-want +got):\n%s", diff)
	}
}

// visit shows each statement of a block, and of those in it, with what follows it.
func visit(b *ir.Block, see func([]ir.Stmt)) {
	for i, s := range b.Stmts {
		see(b.Stmts[i:])
		switch s := s.(type) {
		case *ir.BlockStmt:
			for _, inner := range s.Blocks {
				visit(inner, see)
			}
		case *ir.ScanStmt:
			visit(s.Block, see)
		case *ir.NotStmt:
			visit(s.Block, see)
		}
	}
}

// TestOnlyPatternsAreTaken: what differs in one place from what OPA plans for a pattern is something
// else, and left as it is from there on.
func TestOnlyPatternsAreTaken(t *testing.T) {
	t.Parallel()
	local := func(l ir.Local) ir.Operand { return ir.Operand{Value: &l} }
	all := func() []ir.Stmt {
		return []ir.Stmt{
			&ir.IsArrayStmt{Source: local(1)}, &ir.LenStmt{Source: local(1), Target: 2}, &ir.MakeNumberIntStmt{Value: 2, Target: 3},
			&ir.EqualStmt{A: local(2), B: local(3)},
			&ir.AssignIntStmt{Value: 0, Target: 4}, &ir.DotStmt{Source: local(1), Key: local(4), Target: 5}, &ir.AssignVarStmt{Source: local(5), Target: 6},
			&ir.AssignIntStmt{Value: 1, Target: 4}, &ir.DotStmt{Source: local(1), Key: local(4), Target: 5}, &ir.AssignVarStmt{Source: local(5), Target: 7},
		}
	}
	for name, tt := range map[string]struct {
		at     int
		change ir.Stmt
		want   int
	}{
		"as it is":          {0, all()[0], 10},
		"of another value":  {0, &ir.IsArrayStmt{Source: local(9)}, 0},
		"another's length":  {1, &ir.LenStmt{Source: local(9), Target: 2}, 0},
		"length not asked":  {3, &ir.EqualStmt{A: local(9), B: local(3)}, 0},
		"length of what":    {3, &ir.EqualStmt{A: local(2), B: local(9)}, 0},
		"size over it":      {2, &ir.MakeNumberIntStmt{Value: 2, Target: 1}, 0},
		"fewer than none":   {2, &ir.MakeNumberIntStmt{Value: -1, Target: 3}, 0},
		"the second first":  {4, &ir.AssignIntStmt{Value: 1, Target: 4}, 4},
		"another index":     {5, &ir.DotStmt{Source: local(1), Key: local(9), Target: 5}, 4},
		"another's member":  {5, &ir.DotStmt{Source: local(9), Key: local(4), Target: 5}, 4},
		"another is named":  {6, &ir.AssignVarStmt{Source: local(9), Target: 6}, 6},
		"the first again":   {7, &ir.AssignIntStmt{Value: 0, Target: 4}, 7},
		"over itself":       {6, &ir.AssignVarStmt{Source: local(5), Target: 1}, 0},
		"over the length":   {5, &ir.DotStmt{Source: local(1), Key: local(4), Target: 2}, 0},
		"a size of members": {2, &ir.MakeNumberIntStmt{Value: 1, Target: 3}, 7},
	} {
		stmts := all()
		stmts[tt.at] = tt.change
		if _, got := patternOf(stmts); got != tt.want {
			t.Errorf("%s: %d statements are taken, want %d", name, got, tt.want)
		}
	}
}
