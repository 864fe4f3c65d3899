package plan

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Plan is a compiled plan. It never changes and is safe for concurrent use.
type Plan struct {
	funcs []*function
	// paths finds functions by the path of their rules, slashes between its parts; entries
	// finds what was asked for, which may be an object of several rules.
	paths    map[string]*function
	entries  map[string]*function
	machines sync.Pool
	strict   bool
}

// Options of a plan.
type Options struct {
	// Capabilities that modules may use; nil means all of this OPA.
	Capabilities *ast.Capabilities
	// Builtins beside those of package topdown.
	Builtins map[string]*topdown.Builtin
	// Strict makes an error of a built-in function one of the evaluation; without it the
	// expression is undefined.
	Strict bool
	// asPlanned has each statement carried out by itself, and functions evaluated that could be
	// answered in Go: what is shorter must give the same.
	asPlanned bool
}

// Rule is an entry point of a Plan.
type Rule struct{ fn *function }

// Rule finds the entry point of a complete or partial rule by its path below data, such as
// gatehouse/pods/security/deny; false where the plan has none.
func (p *Plan) Rule(path string) (Rule, bool) {
	fn, ok := p.paths[firstGeneration+"/"+path]
	if !ok || fn.arity != 2 {
		fn, ok = p.entries[path]
	}
	return Rule{fn}, ok
}

// firstGeneration names functions as they are outside of every with.
const firstGeneration = "g0"

// function is one planned rule or function. What each call looks at comes first, so that it is
// fetched at once: what a call waits for is memory.
type function struct {
	code []instruction
	// What instructions name by its place.
	constants []*ast.Term
	// locals is how large a frame is, cleared how much of it is undefined at first, but for the
	// arity first ones, which are the parameters.
	locals, cleared, arity int32
	// steady is a rule that always gives the same, kept is that once it was evaluated. A function
	// recalls: its last answer in an evaluation is remembered.
	steady, recalls bool
	kept            atomic.Pointer[ast.Term]
	args            []int16
	index           int
	// params are where the parameters are in a function that is not shortened.
	params       []ir.Local
	natives      []native
	builtins     []builtin
	conflicts    []conflict
	replacements []replacement
	name         string
	// constant is what it returns whenever it returns at all, so that it may return at once;
	// nil where that is not so.
	constant *ast.Term
	// lasting, if any, are its answers beyond an evaluation.
	lasting *lasting
	// native, if any, answers in the place of the code.
	native *native
}

// path is where the rule stands, without the generation that the planner puts before it.
func (f *function) path() string {
	_, path, _ := strings.Cut(f.name, ".")
	return path
}

// link makes instructions of all functions of a plan.
func link(policy *ir.Policy, o Options) (*Plan, error) {
	p := &Plan{strict: o.Strict, paths: map[string]*function{}, entries: map[string]*function{}}
	l := &linker{policy: policy, options: o, names: map[string]*function{}, plan: p, strings: terms(policy.Static)}
	for i, f := range policy.Funcs.Funcs {
		fn := &function{name: f.Name, index: i, params: f.Params, arity: int32(len(f.Params))}
		if !o.asPlanned && len(f.Params) > 2 && len(f.Params) < 5 {
			if known, ok := byShape()[shape(policy, f)]; ok {
				fn.native = &known
			}
		}
		fn.recalls = !o.asPlanned && len(f.Params) > 2 && len(f.Params) <= 2+maxRecalled
		p.funcs = append(p.funcs, fn)
		l.names[f.Name] = fn
		if f.Path != nil {
			p.paths[strings.Join(f.Path, "/")] = fn
		}
	}
	if !o.asPlanned {
		l.steady()
	}
	for i, f := range policy.Funcs.Funcs {
		if err := l.body(p.funcs[i], f); err != nil {
			return nil, err
		}
	}
	for _, q := range policy.Plans.Plans {
		f := &ir.Func{Name: q.Name, Params: []ir.Local{ir.Input, ir.Data}, Return: ir.Unused, Blocks: q.Blocks}
		fn := &function{name: q.Name, index: len(p.funcs), params: f.Params, arity: int32(len(f.Params))}
		p.funcs = append(p.funcs, fn)
		p.entries[q.Name] = fn
		if err := l.body(fn, f); err != nil {
			return nil, err
		}
	}
	p.machines.New = func() any { return newMachine(p) }
	return p, nil
}

// body writes the instructions of one function.
func (l *linker) body(fn *function, f *ir.Func) error {
	l.fn, l.assembler = fn, newAssembler(fn)
	for _, v := range append(f.Params, f.Return) {
		l.local(v)
	}
	fn.constant = l.constantOf(f)
	for _, b := range f.Blocks {
		next := l.label()
		if err := l.within(next, func() error { return l.block(b) }); err != nil {
			return fmt.Errorf("plan of %s: %w", f.Name, err)
		}
		l.bind(next)
	}
	l.emit(instruction{op: opNothing}, nil)
	fn.cleared = fn.locals
	if !l.options.asPlanned {
		l.shorten()
	}
	if err := l.end(); err != nil {
		return fmt.Errorf("plan of %s: %w", f.Name, err)
	}
	return nil
}

func terms(s *ir.Static) []*ast.Term {
	out := make([]*ast.Term, len(s.Strings))
	for i, c := range s.Strings {
		out[i] = ast.StringTerm(c.Value)
	}
	return out
}
