package plan

import "github.com/open-policy-agent/opa/v1/ast"

// read gives what an operand is.
func read(locals, constants []*ast.Term, o int16) *ast.Term {
	if o >= 0 {
		return locals[o]
	}
	return constants[^o]
}

// exec runs a body of a function from an instruction on. It says where the body around goes on.
func (f *frame) exec(fn *function, pc int) int {
	code, k, l := fn.code, fn.constants, f.l
	for {
		in := &code[pc]
		pc++
		// A case that goes on continues; what comes out of the switch failed.
		switch in.op {
		case opMove:
			l[in.c] = read(l, k, in.a)
			continue
		case opCommon:
			l[in.c] = common[in.a]
			continue
		case opClear:
			l[in.c] = nil
			continue
		case opDot:
			from, key := read(l, k, in.a), read(l, k, in.b)
			if from != nil && key != nil {
				if t := member(from.Value, key); t != nil {
					l[in.c] = t
					continue
				}
			}
		case opPath:
			t := read(l, k, in.a)
			for _, o := range fn.args[in.x:][:in.b] {
				if t == nil {
					break
				}
				if key := read(l, k, o); key != nil {
					t = member(t.Value, key)
				} else {
					t = nil
				}
			}
			if t != nil {
				l[in.c] = t
				continue
			}
		case opTruthy:
			if t := read(l, k, in.a); t == nil || t.Value != ast.Boolean(false) {
				continue
			}
		case opFalsy:
			if t := read(l, k, in.a); t != nil && t.Value == ast.Boolean(false) {
				continue
			}
		case opEqual:
			if same(read(l, k, in.a), read(l, k, in.b)) {
				continue
			}
		case opNotEqual:
			if !same(read(l, k, in.a), read(l, k, in.b)) {
				continue
			}
		case opArray:
			if is[*ast.Array](read(l, k, in.a)) {
				continue
			}
		case opObject:
			if is[ast.Object](read(l, k, in.a)) {
				continue
			}
		case opSet:
			if is[ast.Set](read(l, k, in.a)) {
				continue
			}
		case opDefined:
			if l[in.a] != nil {
				continue
			}
		case opUndefined:
			if l[in.a] == nil {
				continue
			}
		case opLength:
			if n, ok := size(read(l, k, in.a)); ok {
				l[in.c] = ast.InternedTerm(n)
				continue
			}
		case opUnpack:
			if t := read(l, k, in.a); t != nil {
				if array, ok := t.Value.(*ast.Array); ok && array.Len() == int(in.b) {
					continue
				}
			}
		case opMember:
			if array, ok := read(l, k, in.a).Value.(*ast.Array); ok {
				l[in.c] = array.Elem(int(in.b))
				continue
			}
		case opTake:
			if t := read(l, k, in.a); t != nil {
				if array, ok := t.Value.(*ast.Array); ok && array.Len() == int(in.b) {
					for at := fn.args[in.x:][:in.c]; len(at) > 1; at = at[2:] {
						l[at[1]] = array.Elem(int(at[0]))
					}
					continue
				}
			}
		case opAssign:
			t := read(l, k, in.a)
			if old := l[in.c]; old != nil && !same(old, t) {
				f.m.conflict(fn.conflicts[in.x])
				return failed
			}
			l[in.c] = t
			continue
		case opAppend:
			if array, ok := l[in.c].Value.(*ast.Array); ok {
				l[in.c] = ast.NewTerm(array.Append(read(l, k, in.a)))
			}
			continue
		case opAdd:
			f.add(in.c, read(l, k, in.a))
			continue
		case opInsert:
			f.insert(in.c, read(l, k, in.a), read(l, k, in.b))
			continue
		case opInsertOnce:
			key, t := read(l, k, in.a), read(l, k, in.b)
			if f.clashes(in.c, key, t) {
				f.m.conflict(fn.conflicts[in.x])
				return failed
			}
			if o, ok := l[in.c].Value.(ast.Object); !ok || o.Get(key) == nil {
				f.insert(in.c, key, t)
			}
			continue
		case opList:
			l[in.c] = ast.ArrayTerm(f.values(fn, fn.args[in.x:][:in.b])...)
			continue
		case opMerge:
			l[in.c] = merge(read(l, k, in.a), read(l, k, in.b))
			continue
		case opCall:
			t, known := (*ast.Term)(nil), false
			if in.b == 2 {
				t, known = f.m.known(in.a) // as most rules are that are called
			}
			if !known {
				t = f.invoke(fn, in)
			}
			if f.m.err != nil {
				return failed
			}
			l[in.c] = t
			if t != nil {
				continue
			}
		case opNative:
			x, y := read(l, k, in.a), read(l, k, in.b)
			if x != nil && y != nil {
				t := fn.natives[in.x].answer(x, y)
				l[in.c] = t
				if t != nil {
					continue
				}
			}
		case opOne, opTwo, opThree, opBuiltin:
			t, sig := f.builtin(fn, in)
			if sig == sigError {
				return failed
			}
			l[in.c] = t
			if sig == sigNext {
				continue
			}
		case opIfOne, opIfTwo, opIfThree:
			t, sig := f.builtin(fn, in)
			if sig == sigError {
				return failed
			}
			if isTrue := t != nil && t.Value != ast.Boolean(false); isTrue == (in.c == wantTrue) {
				continue
			}
		case opDynamic:
			switch f.dynamic(fn, in) {
			case sigNext:
				pc++
				continue
			case sigError:
				return failed
			case sigShadowed:
				continue
			}
		case opScan:
			if none(read(l, k, in.a)) {
				break // as most lists of a manifest are
			}
			if to := f.scan(fn, in, pc); to == bodyEnd {
				pc = int(in.fail)
			} else if pc = to; to < 0 {
				return to
			}
			continue
		case opWith:
			if to := f.with(fn, in, pc); to == bodyEnd {
				pc = int(in.fail)
			} else if pc = to; to < 0 {
				return to
			}
			continue
		case opEnd:
			return bodyEnd
		case opLeave:
			return int(in.fail)
		case opJump:
		case opReturn:
			f.m.returned = read(l, k, in.a)
			return returned
		case opNothing:
			f.m.returned = nil
			return returned
		}
		pc = int(in.fail)
	}
}
