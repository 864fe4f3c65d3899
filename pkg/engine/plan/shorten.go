package plan

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// shorten takes out of a function what OPA's planner writes and nobody needs: locals that only
// hand on a value, or that nobody reads. It is most of what a plan does. Jumps only lead forward,
// to the end of a block, and what is left gives what all of it gave.
func (a *assembler) shorten() {
	a.separate()
	// Each round may make more of it plain; nearly all is in the first ones.
	for range 8 {
		u, jumps, changed := a.usage(), a.jumps(), false
		for i := range a.fn.code {
			changed = a.onlyOnce(u, i) || a.early(u, jumps, i) || changed
			if a.useless(u, i) || a.handedOn(u, i) || a.redundant(jumps, i) {
				a.fn.code[i] = instruction{op: opGone}
				changed = true
			}
		}
		if !changed {
			break
		}
	}
	a.joined()
	a.compact()
	a.place()
	a.used()
	a.taken()
}

// usage says by local which instructions read and write it. A parameter is written before the
// first one.
type usage struct{ reads, writes [][]int }

func (a *assembler) usage() usage {
	u := usage{make([][]int, a.fn.locals), make([][]int, a.fn.locals)}
	for _, p := range a.fn.params {
		u.writes[p] = append(u.writes[p], -1)
	}
	for i := range a.fn.code {
		a.fields(&a.fn.code[i], func(o *int16, reads, writes bool) {
			if reads && *o >= 0 {
				u.reads[*o] = append(u.reads[*o], i)
			}
			if writes {
				u.writes[*o] = append(u.writes[*o], i)
			}
		})
	}
	return u
}

// fields shows what an instruction reads and writes, each once.
func (a *assembler) fields(in *instruction, show func(o *int16, reads, writes bool)) {
	f := forms[in.op]
	if f.has(readA) {
		show(&in.a, true, false)
	}
	if f.has(readB) || f.has(writeB) {
		show(&in.b, f.has(readB), f.has(writeB))
	}
	if f.has(readC) || f.has(writeC) {
		show(&in.c, f.has(readC), f.has(writeC))
	}
	if f.has(listing) {
		list := a.fn.args[in.x:][:in.b]
		for i := range list {
			show(&list[i], true, false)
		}
	}
	if in.op == opWith {
		r := &a.fn.replacements[in.x]
		show(&r.local, true, true)
		show(&r.value, true, false)
	}
}

// useless reports whether an instruction sets what nobody reads, or clears what nobody set.
func (a *assembler) useless(u usage, i int) bool {
	in := a.fn.code[i]
	switch in.op {
	case opMove, opMember:
		return len(u.reads[in.c]) == 0
	case opClear:
		if len(u.reads[in.c]) == 0 {
			return true
		}
		// In the function's own body, what comes later is carried out later.
		if a.bodies[i].parent != nil || slices.ContainsFunc(u.writes[in.c], func(at int) bool { return at < i }) {
			return false
		}
		a.settled[in.c] = false // as it is at first is what counts now
		return true
	}
	return false
}

// onlyOnce has an assignment ask nothing that comes once and is the only one: it cannot differ from
// another.
func (a *assembler) onlyOnce(u usage, i int) bool {
	in := &a.fn.code[i]
	if in.op != opAssign || a.bodies[i].parent != nil || len(u.writes[in.c]) != 1 {
		return false
	}
	*in = instruction{op: opMove, a: in.a, c: in.c}
	return true
}

// early returns what is moved to be returned, and what may be undefined without asking.
func (a *assembler) early(u usage, jumps []bool, i int) bool {
	in := &a.fn.code[i]
	if in.op != opMove && in.op != opDefined && in.op != opReturn {
		return false
	}
	if in.op == opReturn && in.a >= 0 && len(u.writes[in.a]) == 0 {
		*in = instruction{op: opNothing}
		return true
	}
	next := a.next(i + 1)
	if next == len(a.fn.code) || a.fn.code[next].op != opReturn {
		return false
	}
	end := a.fn.code[next]
	switch {
	case in.op == opMove && in.c == end.a:
		*in = instruction{op: opReturn, a: in.a}
	case in.op == opDefined && in.a == end.a && a.fn.code[a.next(a.fails[i].at)].op == opNothing:
		*in, a.fails[i] = end, nil
	case in.op == opReturn && !slices.Contains(jumps[i+1:next+1], true):
		a.fn.code[next] = instruction{op: opGone} // nobody comes there
	default:
		return false
	}
	return true
}

// handedOn has all who read a local read what was moved there, where that is the same: the local
// is written there only, everybody who reads it comes after that in the same block, and what was
// moved is not written again until then.
func (a *assembler) handedOn(u usage, i int) bool {
	in := a.fn.code[i]
	if in.op != opMove || len(u.writes[in.c]) != 1 || a.ends[i] == nil {
		return false
	}
	if in.a >= 0 && (len(u.writes[in.a]) != 1 || u.writes[in.a][0] >= i) {
		return false
	}
	for _, r := range u.reads[in.c] {
		if r <= i || r >= a.ends[i].at || in.a < 0 && forms[a.fn.code[r].op].has(localA) {
			return false
		}
	}
	for _, r := range u.reads[in.c] {
		a.fields(&a.fn.code[r], func(o *int16, reads, _ bool) {
			if reads && *o == in.c {
				*o = in.a
			}
		})
		if in.a >= 0 {
			u.reads[in.a] = append(u.reads[in.a], r)
		}
	}
	return true
}

// inverse goes on where the other one fails.
var inverse = map[opcode]opcode{
	opTruthy: opFalsy, opFalsy: opTruthy, opEqual: opNotEqual, opNotEqual: opEqual,
	opDefined: opUndefined, opUndefined: opDefined,
}

// redundant reports whether an instruction asks what is known: whether true is true. It has a
// question that is followed by a jump ask the other way round, without the jump.
func (a *assembler) redundant(jumps []bool, i int) bool {
	in := a.fn.code[i]
	if in.op != opTruthy && in.op != opJump {
		return false
	}
	before := i - 1
	for before >= 0 && a.fn.code[before].op == opGone {
		before--
	}
	if before < 0 {
		return false
	}
	last := &a.fn.code[before]
	switch in.op {
	case opTruthy:
		return last.op == opNative && a.fn.natives[last.x].yes && last.c == in.a && !slices.Contains(jumps[before+1:i+1], true)
	case opJump:
		opposite, ok := inverse[last.op]
		if !ok || a.fails[before].at <= i || a.next(a.fails[before].at) != a.next(i+1) || slices.Contains(jumps[before+1:i+1], true) {
			return false
		}
		last.op, a.fails[before] = opposite, a.fails[i]
		return true
	}
	return false
}

// next is the first instruction from one on that is left.
func (a *assembler) next(i int) int {
	for i < len(a.fn.code) && a.fn.code[i].op == opGone {
		i++
	}
	return i
}

// jumps says to which instructions jumps lead.
func (a *assembler) jumps() []bool {
	out := make([]bool, len(a.fn.code)+1)
	for _, l := range a.fails {
		if l != nil {
			out[l.at] = true
		}
	}
	return out
}

// compact leaves out what is gone.
func (a *assembler) compact() {
	moved := make([]int, len(a.fn.code)+1)
	left := 0
	for i, in := range a.fn.code {
		moved[i] = left
		if in.op != opGone {
			a.fn.code[left], a.fails[left] = in, a.fails[i]
			left++
		}
	}
	moved[len(a.fn.code)] = left
	a.fn.code, a.fails = a.fn.code[:left:left], a.fails[:left]
	seen := map[*label]bool{nil: true}
	for _, l := range a.fails {
		if !seen[l] {
			l.at, seen[l] = moved[l.at], true
		}
	}
}

// used leaves those constants that are still named, in the order in which they are.
func (a *assembler) used() {
	var left []*ast.Term
	places := map[int16]int16{}
	for i := range a.fn.code {
		in := &a.fn.code[i]
		if in.op == opMove && in.a < 0 {
			if at := slices.Index(common[:], a.fn.constants[^in.a]); at >= 0 {
				in.op, in.a = opCommon, int16(at)
				continue
			}
		}
		a.fields(in, func(o *int16, _, _ bool) {
			if *o >= 0 {
				return
			}
			at, known := places[*o]
			if !known {
				at = ^a.small(len(left))
				left = append(left, a.fn.constants[^*o])
				places[*o] = at
			}
			*o = at
		})
	}
	a.fn.constants = left
}
