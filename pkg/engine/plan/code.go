package plan

// instruction is one step of a function, in twelve bytes: a review that comes after a moment of
// rest finds no cache warm, and what it costs then is how much of a plan it has to fetch, more
// than what it does with it.
//
// An operand is a local of the frame, or, below zero, the constant at its complement. Fail is where
// the function goes on when the instruction is undefined.
type instruction struct {
	op      opcode
	a, b, c int16
	x       uint16
	fail    uint16
}

// opcode says what an instruction does.
type opcode uint16

const (
	// opMove sets local c to operand a, opCommon to common value a; opClear makes it undefined.
	opMove opcode = iota
	opCommon
	opClear
	// opDot sets local c to what operand a has under key b.
	opDot
	// opPath does so with each of b keys, listed from x on, in what it found last.
	opPath
	// opTruthy goes on unless operand a is false, opFalsy if it is.
	opTruthy
	opFalsy
	opEqual    // operands a and b are the same
	opNotEqual // they are not
	opArray    // operand a is an array
	opObject   // an object
	opSet      // a set
	opDefined  // local a is defined
	opUndefined
	// opLength sets local c to how much operand a holds.
	opLength
	// opUnpack goes on if operand a is an array of b members, opMember sets local c to its member b.
	opUnpack
	opMember
	// opTake does both for several members: c numbers are listed from x on, a member and its local
	// one after the other.
	opTake
	// opAssign sets local c to operand a, if it is undefined or the same; else conflict x is the
	// end of the evaluation.
	opAssign
	// opAppend, opAdd and opInsert put operand a into the array, set or object of local c, the last
	// one with value b. opInsertOnce ends the evaluation by conflict x where another value is there.
	opAppend
	opAdd
	opInsert
	opInsertOnce
	// opList sets local c to an array of the b operands that are listed from x on.
	opList
	// opMerge sets local c to objects a and b in one.
	opMerge
	// opCall sets local c to what function a of the plan gives for b operands, listed from x on.
	opCall
	// opNative sets local c to what native x gives for operands a and b.
	opNative
	// opOne, opTwo and opThree set local c to what built-in function a gives for as many operands,
	// listed from x on, the quick way; opBuiltin takes the long one, of b operands.
	opOne
	opTwo
	opThree
	opBuiltin
	// opIfOne, opIfTwo and opIfThree ask the same and go on if c is wantTrue and it is, or c is
	// wantNotTrue and it is not.
	opIfOne
	opIfTwo
	opIfThree
	// opDynamic sets local c to what the function gives whose path the first of b operands are,
	// listed from x on. Where there is one that is undefined, the next instruction says where to
	// go on, which is left out otherwise.
	opDynamic
	// opScan runs what follows, up to opEnd, for each member of operand a, with its key in local b
	// and itself in local c, and goes on at fail.
	opScan
	// opWith runs what follows, up to opEnd, under replacement x, and goes on at fail.
	opWith
	// opEnd is the end of what opScan or opWith runs, opLeave one that has them go on at fail.
	opEnd
	opLeave
	// opJump goes on at fail.
	opJump
	// opReturn ends the function with operand a, opNothing with none.
	opReturn
	opNothing
	// opGone is one that was found to do nothing.
	opGone
)

// form says what the fields of an instruction are.
type form uint8

const (
	readA  form = 1 << iota // a is an operand
	localA                  // which must be a local
	readB
	readC   // c is a local that is read
	writeC  // and one that is written
	writeB  // b is too
	listing // b operands are listed from x on
)

var forms = [...]form{
	opMove: readA | writeC, opCommon: writeC, opClear: writeC, opDot: readA | readB | writeC, opPath: readA | listing | writeC,
	opTruthy: readA, opFalsy: readA, opEqual: readA | readB, opNotEqual: readA | readB,
	opArray: readA, opObject: readA, opSet: readA, opDefined: readA | localA, opUndefined: readA | localA,
	opLength: readA | writeC, opUnpack: readA, opMember: readA | writeC, opTake: readA,
	opAssign: readA | readC | writeC, opAppend: readA | readC | writeC, opAdd: readA | readC | writeC,
	opInsert: readA | readB | readC | writeC, opInsertOnce: readA | readB | readC | writeC,
	opList: listing | writeC, opMerge: readA | readB | writeC, opCall: listing | writeC,
	opNative: readA | readB | writeC, opOne: listing | writeC, opTwo: listing | writeC,
	opThree: listing | writeC, opBuiltin: listing | writeC, opIfOne: listing, opIfTwo: listing, opIfThree: listing,
	opDynamic: listing | writeC,
	opScan:    readA | writeB | writeC, opWith: 0, opEnd: 0, opLeave: 0, opJump: 0, opReturn: readA, opNothing: 0, opGone: 0,
}

func (f form) has(one form) bool { return f&one != 0 }

// Where to go on is one of these in place of an instruction when it is nowhere in the body that runs.
const (
	bodyEnd  = -1 // its opEnd
	returned = -2 // the function's end, with its value in the machine
	failed   = -3 // the evaluation's end, with an error in the machine
)
