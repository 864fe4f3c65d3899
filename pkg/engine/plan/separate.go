package plan

import (
	"math"
	"slices"

	"github.com/open-policy-agent/opa/v1/ir"
)

// occurrence is one place that names a local.
type occurrence struct {
	i             int // the instruction
	name          *int16
	reads, writes bool
}

// separate gives each use of a local a local of its own: OPA's planner takes the same ones for each
// body of a rule. It does so where everybody who reads it gets what was written at one place, whatever
// way led there; such a local never shows what it held before. Others stay as they are.
func (a *assembler) separate() {
	all := make([][]occurrence, a.fn.locals)
	for i := range a.fn.code {
		a.fields(&a.fn.code[i], func(o *int16, reads, writes bool) {
			if *o >= 0 {
				all[*o] = append(all[*o], occurrence{i, o, reads, writes})
			}
		})
	}
	a.settled = make([]bool, len(all))
	for v, uses := range all {
		if slices.Contains(a.fn.params, ir.Local(v)) {
			continue
		}
		if from, ok := a.origins(uses); ok {
			a.settled[v] = true
			a.rename(uses, from)
		}
	}
}

// origins says for each use of a local, in order, which write it belongs to: what reads, to the one
// that it gets, also where it adds to that; what only writes, to itself. False where that is not plain.
func (a *assembler) origins(uses []occurrence) ([]int, bool) {
	from := make([]int, len(uses))
	last := -1
	for n, use := range uses {
		from[n] = n
		if use.reads {
			if last < 0 || !a.settles(uses[last], use.i) || a.comesAround(uses[last], uses[n:]) {
				return nil, false
			}
			from[n] = from[last]
		}
		if use.writes {
			last = n
		}
	}
	return from, true
}

// settles reports whether a write comes before an instruction on every way to it.
func (a *assembler) settles(write occurrence, i int) bool {
	end := a.ends[write.i]
	if a.fn.code[write.i].op == opScan {
		end = a.fails[write.i] // the loop's own end
	}
	return end != nil && write.i < i && i < end.at
}

// comesAround reports whether a loop may bring what is written later to the first of some uses: one
// that goes around it, and not around the write before.
func (a *assembler) comesAround(before occurrence, uses []occurrence) bool {
	home := a.bodies[before.i]
	if a.fn.code[before.i].op == opScan {
		home = a.bodies[before.i+1]
	}
	around := a.bodies[uses[0].i]
	if around == home {
		return false
	}
	for around.parent != home {
		if around = around.parent; around == nil {
			return true // the write is further in; it cannot settle
		}
	}
	return slices.ContainsFunc(uses, func(u occurrence) bool { return u.writes && a.bodies[u.i].within(around) })
}

func (b *body) within(outer *body) bool {
	for ; b != nil; b = b.parent {
		if b == outer {
			return true
		}
	}
	return false
}

// rename gives the uses of each write but the first a new local, as long as there are any.
func (a *assembler) rename(uses []occurrence, from []int) {
	names := map[int]int16{}
	for n, use := range uses {
		name, known := names[from[n]]
		if !known {
			name = *use.name
			if len(names) > 0 && a.fn.locals < math.MaxInt16 {
				name = a.small(int(a.fn.locals))
				a.fn.locals++
				a.settled = append(a.settled, true)
			}
			names[from[n]] = name
		}
		*use.name = name
	}
}
