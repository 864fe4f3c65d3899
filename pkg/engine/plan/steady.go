package plan

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// steady finds the rules that give the same in every evaluation: they and what they call read
// neither input nor base documents, and ask no built-in function for the time, chance or the
// world. An evaluation that needs one keeps its value, if it has one, within its own time; of several at
// once, that of the last.
func (l *linker) steady() {
	closed := map[string]bool{}
	for _, f := range l.policy.Funcs.Funcs {
		closed[f.Name] = true
	}
	// A function is taken for closed until it is seen not to be, or to call one that is not,
	// whichever of the two OPA plans first.
	for again := true; again; {
		again = false
		for _, f := range l.policy.Funcs.Funcs {
			if closed[f.Name] && l.reaches(f.Blocks, f.Params[:2], closed) {
				closed[f.Name], again = false, true
			}
		}
	}
	matching := l.matching()
	for _, fn := range l.plan.funcs {
		fn.steady = fn.arity == 2 && closed[fn.name]
		if fn.arity == 3 && closed[fn.name] && matching[fn.name] {
			fn.lasting = &lasting{}
		}
	}
}

// reaches reports whether statements use one of some locals but to hand it on to a function that
// is closed, or something that may differ each time.
func (l *linker) reaches(in any, outside []ir.Local, closed map[string]bool) bool {
	return anywhere(in, func(x any) (found, over bool) {
		switch x := x.(type) {
		case ir.Local:
			return x == outside[0] || x == outside[1], true
		case *ir.CallStmt:
			args := x.Args
			if _, planned := l.names[x.Func]; planned {
				if !closed[x.Func] {
					return true, true
				}
				args = args[2:]
			} else if !l.pure(x.Func) {
				return true, true
			}
			return l.reaches(args, outside, closed), true
		}
		return false, false
	})
}

// pure reports whether a built-in function looks at its operands alone; concat looks up whether
// its time is over beside, and regex.match whether it compiled the expression before. Those that check a certificate ask the clock and are not marked for it.
func (l *linker) pure(name string) bool {
	decl, own := ast.BuiltinMap[name], l.options.Builtins[name] != nil
	if decl == nil || own || strings.HasPrefix(name, "crypto.x509.") {
		return false
	}
	return decl.CanSkipBctx || name == ast.Concat.Name || name == ast.RegexMatch.Name
}

// keep has all later evaluations share what a steady rule gave.
func (f *function) keep(t *ast.Term) {
	shared(t)
	f.kept.Store(t)
}

// shared makes a value ready to be read by several evaluations at once. OPA orders a set when it is
// first read, under a lock, but intersects and unites sets without one: so all of it is read before.
func shared(t *ast.Term) {
	if t == nil {
		return
	}
	ast.WalkTerms(t, func(inner *ast.Term) bool {
		settled(inner)
		return false
	})
}
