package plan

import (
	"errors"
	"math"

	"github.com/open-policy-agent/opa/v1/ast"
)

// errLarge is a function with more of something than an instruction can name.
var errLarge = errors.New("it is too large")

// label is an instruction to go to, in one body.
type label struct {
	in *body
	at int
}

// body is what one run of a frame goes through: a function, or within it what a loop or a
// replacement of a document runs for itself. A jump out of one goes through its end.
type body struct {
	parent *body
	// leaves are the ends that lead to a label further out, in order.
	leaves []leave
}

type leave struct{ from, to *label }

// assembler writes the instructions of one function.
type assembler struct {
	fn *function
	// fails is where each instruction goes when it fails, ends the end of the block that it is in,
	// bodies the body; nil for none.
	fails, ends []*label
	bodies      []*body
	body        *body
	// exits are the ends of the blocks around, innermost last.
	exits     []*label
	constants map[*ast.Term]int16
	// settled are the locals that are always written before they are read.
	settled []bool
	large   bool
}

func newAssembler(fn *function) *assembler {
	return &assembler{fn: fn, body: &body{}, constants: map[*ast.Term]int16{}}
}

// emit adds an instruction that goes to a label when it fails, which may be nil.
func (a *assembler) emit(in instruction, fail *label) {
	if fail != nil {
		fail = a.body.reach(fail)
	}
	var end *label
	if len(a.exits) > 0 {
		end = a.exit(0)
	}
	a.fn.code, a.fails = append(a.fn.code, in), append(a.fails, fail)
	a.ends, a.bodies = append(a.ends, end), append(a.bodies, a.body)
}

// ask adds an instruction that ends the innermost block when it is undefined.
func (a *assembler) ask(in instruction) { a.emit(in, a.exit(0)) }

// exit is the end of the n-th block around, 0 the innermost. Beyond the outermost is its end too.
func (a *assembler) exit(n int) *label { return a.exits[max(0, len(a.exits)-1-n)] }

// within writes what do writes, in a block more with this end.
func (a *assembler) within(end *label, do func() error) error {
	a.exits = append(a.exits, end)
	err := do()
	a.exits = a.exits[:len(a.exits)-1]
	return err
}

func (a *assembler) label() *label { return &label{in: a.body} }

// bind has a label stand for the next instruction.
func (a *assembler) bind(l *label) { l.at = len(a.fn.code) }

// reach gives a label of this body that leads to one in it or further out.
func (b *body) reach(to *label) *label {
	if to.in == b {
		return to
	}
	for _, known := range b.leaves {
		if known.to == to {
			return known.from
		}
	}
	from := &label{in: b}
	b.leaves = append(b.leaves, leave{from, to})
	return from
}

// open begins a body, close ends it.
func (a *assembler) open() { a.body = &body{parent: a.body} }

func (a *assembler) close() {
	a.emit(instruction{op: opEnd}, nil)
	over := a.body
	a.body = over.parent
	for _, l := range over.leaves {
		a.bind(l.from)
		a.emit(instruction{op: opLeave}, l.to)
	}
}

// end fills in where the instructions go.
func (a *assembler) end() error {
	if a.large || len(a.fn.code) > math.MaxUint16 {
		return errLarge
	}
	for i, l := range a.fails {
		if l != nil {
			a.fn.code[i].fail = uint16(l.at)
		}
	}
	return nil
}

// read is how an instruction names an operand.
func (a *assembler) read(o operand) int16 {
	if o.constant == nil {
		return a.small(o.local)
	}
	at, known := a.constants[o.constant]
	if !known {
		at = a.small(len(a.fn.constants))
		a.constants[o.constant] = at
		a.fn.constants = append(a.fn.constants, o.constant)
	}
	return ^at
}

func (a *assembler) small(n int) int16 {
	if n > math.MaxInt16 {
		a.large = true
		return 0
	}
	return int16(n)
}

// listed adds to a list of the function and says where that is.
func listed[T any](a *assembler, list *[]T, more ...T) uint16 {
	at := len(*list)
	if at+len(more) > math.MaxUint16 {
		a.large = true
		return 0
	}
	*list = append(*list, more...)
	return uint16(at)
}
