package plan

import (
	"maps"
	"math"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// unpacked writes a pattern like [where, container] in as many instructions as it has names: an
// array of so many members, each of which gets one. It says how many statements that is, 0 for
// none.
func (l *linker) unpacked(stmts []ir.Stmt) int {
	if l.options.asPlanned {
		return 0
	}
	p, taken := patternOf(stmts)
	if taken == 0 || p.size > math.MaxInt16 {
		return 0
	}
	source := l.at(p.source)
	l.ask(instruction{op: opUnpack, a: source, b: int16(p.size)})
	// What else the statements leave behind.
	for _, at := range slices.Sorted(maps.Keys(p.numbers)) {
		l.put(at, ast.NumberTerm(number(p.numbers[at])))
	}
	for i, locals := range p.members {
		for _, at := range locals {
			l.ask(instruction{op: opMember, a: source, b: int16(i), c: l.at(at)})
		}
	}
	return taken
}

// pattern is an array of a size whose first members get names.
type pattern struct {
	source  ir.Local
	size    int
	members [][]ir.Local
	numbers map[ir.Local]int64
}

// patternOf reads a pattern off the beginning of some statements and says how many it takes, 0
// where there is none.
func patternOf(stmts []ir.Stmt) (p pattern, taken int) {
	if len(stmts) < 4 {
		return p, 0
	}
	is, isArray := stmts[0].(*ir.IsArrayStmt)
	length, hasLength := stmts[1].(*ir.LenStmt)
	want, hasWant := stmts[2].(*ir.MakeNumberIntStmt)
	equal, isEqual := stmts[3].(*ir.EqualStmt)
	if !isArray || !hasLength || !hasWant || !isEqual {
		return p, 0
	}
	source, ok := localOf(is.Source)
	if !ok || !reads(length.Source, source) || !reads(equal.A, length.Target) || !reads(equal.B, want.Target) || want.Value < 0 {
		return p, 0
	}
	if length.Target == source || want.Target == source || length.Target == want.Target {
		return p, 0
	}
	p = pattern{source: source, size: int(want.Value), numbers: map[ir.Local]int64{length.Target: want.Value, want.Target: want.Value}}
	taken = 4
	if len(stmts) > taken {
		if index, ok := stmts[taken].(*ir.MakeNumberIntStmt); ok && index.Target != source {
			p.numbers[index.Target] = index.Value
			taken++
		}
	}
	for len(p.members) < p.size {
		locals, index, n := memberOf(stmts[taken:], source, int64(len(p.members)))
		if n == 0 {
			break
		}
		if slices.ContainsFunc(p.members, func(before []ir.Local) bool { return slices.Contains(before, index) }) {
			return pattern{}, 0
		}
		for _, at := range append(locals, index) {
			if _, number := p.numbers[at]; at == source || number && at != index {
				return pattern{}, 0 // what is read next would be another
			}
		}
		p.numbers[index] = int64(len(p.members))
		p.members = append(p.members, locals)
		taken += n
	}
	return p, taken
}

// memberOf reads how the planner takes one member out, into one local and mostly into a second
// one, and how many statements it takes.
func memberOf(stmts []ir.Stmt, source ir.Local, position int64) (locals []ir.Local, index ir.Local, taken int) {
	if len(stmts) < 2 {
		return nil, 0, 0
	}
	at, isIndex := stmts[0].(*ir.AssignIntStmt)
	dot, isDot := stmts[1].(*ir.DotStmt)
	if !isIndex || !isDot || at.Value != position || !reads(dot.Source, source) || !reads(dot.Key, at.Target) {
		return nil, 0, 0
	}
	locals = []ir.Local{dot.Target}
	if len(stmts) > 2 {
		if named, ok := stmts[2].(*ir.AssignVarStmt); ok && reads(named.Source, dot.Target) {
			return append(locals, named.Target), at.Target, 3
		}
	}
	return locals, at.Target, 2
}

func reads(o ir.Operand, at ir.Local) bool {
	local, ok := localOf(o)
	return ok && local == at
}
