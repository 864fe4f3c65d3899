package plan

import (
	"github.com/open-policy-agent/opa/v1/ir"
)

// arrays finds, in one block, the arrays whose members are all put in there: they are made at
// once with the last member instead of anew with each. It says by position what stands in a
// statement's place; nil for nothing.
func (l *linker) arrays(stmts []ir.Stmt) map[int]*list {
	out := map[int]*list{}
	for i, s := range stmts {
		made, ok := s.(*ir.MakeArrayStmt)
		if !ok || made.Capacity < 2 {
			continue
		}
		members, ok := filled(stmts[i+1:], made)
		if !ok {
			continue
		}
		out[i] = nil
		whole := &list{target: made.Target}
		for _, at := range members {
			appended, _ := stmts[i+1+at].(*ir.ArrayAppendStmt)
			whole.members = append(whole.members, appended.Value)
			out[i+1+at] = nil
		}
		out[i+1+members[len(members)-1]] = whole
	}
	return out
}

// list is an array that is made at once.
type list struct {
	target  ir.Local
	members []ir.Operand
}

// farthest is how many statements are looked through for an array's members: those of arrays in
// arrays in arrays would be looked through again for each.
const farthest = 64

// filled gives where an array gets its members, all of them; false where anything else looks
// at it meanwhile, or may change a member's local.
func filled(stmts []ir.Stmt, made *ir.MakeArrayStmt) (members []int, ok bool) {
	busy := map[ir.Local]bool{made.Target: true}
	for i, s := range stmts[:min(len(stmts), farthest)] {
		if appended, ok := s.(*ir.ArrayAppendStmt); ok && appended.Array == made.Target {
			members = append(members, i)
			if len(members) == int(made.Capacity) {
				return members, true
			}
			if at, ok := localOf(appended.Value); ok {
				busy[at] = true
			}
			continue
		}
		if mentions(s, busy) {
			return nil, false
		}
	}
	return nil, false
}

func localOf(o ir.Operand) (ir.Local, bool) {
	at, ok := o.Value.(*ir.Local)
	if !ok {
		return 0, false
	}
	return *at, true
}

// mentions reports whether a statement, or one in a block of it, reads or writes one of some
// locals.
func mentions(s ir.Stmt, locals map[ir.Local]bool) bool {
	return anywhere(s, func(x any) (found, over bool) {
		at, isLocal := x.(ir.Local)
		return locals[at], isLocal
	})
}
