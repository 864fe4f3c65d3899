package plan

import "slices"

// joined has one instruction do what two or more did that always follow one another, and of which
// nobody else asks what the first ones give.
func (a *assembler) joined() {
	u := a.usage()
	for i := range a.fn.code {
		switch a.fn.code[i].op {
		case opDot:
			a.path(u, i)
		case opOne, opTwo, opThree:
			a.question(u, i)
		}
	}
}

// passed is the next instruction if it alone reads what an instruction sets.
func (a *assembler) passed(u usage, i int) (int, bool) {
	next := a.next(i + 1)
	return next, slices.Equal(u.reads[a.fn.code[i].c], []int{next})
}

// alike reports whether two instructions go on at the same place when they fail, that is, stand in
// the same block: nobody comes to the second one but by the first.
func (a *assembler) alike(i, j int) bool { return a.next(a.fails[i].at) == a.next(a.fails[j].at) }

// path goes down several keys at once.
func (a *assembler) path(u usage, i int) {
	in := a.fn.code[i]
	keys, last := []int16{in.b}, i
	for {
		next, ok := a.passed(u, last)
		if !ok || a.fn.code[next].op != opDot || a.fn.code[next].a != a.fn.code[last].c || !a.alike(i, next) {
			break
		}
		keys = append(keys, a.fn.code[next].b)
		a.fn.code[last] = instruction{op: opGone}
		last = next
	}
	if last == i {
		return
	}
	// Where the last one was, so that what is known of locals stays so.
	a.fn.code[last] = instruction{
		op: opPath, a: in.a, b: a.small(len(keys)), c: a.fn.code[last].c, x: listed(a, &a.fn.args, keys...),
	}
}

// question asks a built-in function whether something is true.
func (a *assembler) question(u usage, i int) {
	next, ok := a.passed(u, i)
	if !ok {
		return
	}
	in, asked := &a.fn.code[i], &a.fn.code[next]
	switch {
	case asked.op == opTruthy && a.alike(i, next):
		in.c = wantTrue
	case asked.op == opFalsy && a.next(a.fails[i].at) == a.next(next+1):
		in.c, a.fails[i] = wantNotTrue, a.fails[next]
	default:
		return
	}
	in.op = questions[in.op]
	*asked = instruction{op: opGone}
}

// questions are the instructions that ask whether what another one gives is true.
var questions = map[opcode]opcode{opOne: opIfOne, opTwo: opIfTwo, opThree: opIfThree}

// What they go on for: what is true, or what is false or undefined.
const (
	wantTrue = iota
	wantNotTrue
)

// taken has one instruction take all members out of an array that a pattern gives names: those that
// follow the question whether it has so many, in the same block. It comes last, since nothing else
// knows what it writes.
func (a *assembler) taken() {
	for i := range a.fn.code {
		in := &a.fn.code[i]
		if in.op != opUnpack {
			continue
		}
		var members []int16
		for next := i + 1; a.fn.code[next].op == opMember; next++ {
			members = append(members, a.fn.code[next].b, a.fn.code[next].c)
			a.fn.code[next] = instruction{op: opGone}
		}
		if len(members) > 0 {
			in.op, in.c, in.x = opTake, a.small(len(members)), listed(a, &a.fn.args, members...)
		}
	}
	a.compact()
}
