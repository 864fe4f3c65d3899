package plan

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/builtins"
	"github.com/open-policy-agent/opa/v1/topdown/cache"
)

// Run is one evaluation: several rules may be asked, which share what was evaluated once.
type Run struct {
	m *machine
}

// Start begins an evaluation over input and base documents below data; either may be nil.
// Stop ends it early, values caches what built-in functions compute; both may be nil. Call
// End when nothing more is asked.
func (p *Plan) Start(ctx context.Context, input, data ast.Value, stop topdown.Cancel, values cache.InterQueryValueCache) Run {
	m, _ := p.machines.Get().(*machine)
	m.stop = stop
	m.builtin = topdown.BuiltinContext{
		Context: ctx, Metrics: metrics.NoOp(), Cancel: stop, InterQueryBuiltinValueCache: values,
		Seed: rand.Reader,
	}
	m.input, m.data = nil, nil
	if input != nil {
		m.input = ast.NewTerm(input)
	}
	if data == nil {
		data = ast.InternedEmptyObjectValue
	}
	m.data = ast.NewTerm(data)
	return Run{m: m}
}

// Ask gives the value of a rule, nil where it is undefined. After an error, nothing more can
// be asked.
func (r Run) Ask(rule Rule) (ast.Value, error) {
	if r.m.err != nil {
		return nil, r.m.err
	}
	t := r.m.call(rule.fn, r.m.input, r.m.data)
	if r.m.err != nil {
		return nil, r.m.err
	}
	if t == nil {
		return nil, nil
	}
	return t.Value, nil
}

// End gives back what the evaluation used; its values stay good.
func (r Run) End() {
	m := r.m
	m.memo = &m.outermost // a panic may have left it as it was within a with
	m.memo.clear()
	clear(m.stack[:min(m.used, cap(m.stack))])
	m.stack, m.used = m.stack[:0], 0
	for _, f := range m.frames {
		f.l = nil // one that was outgrown would be held on to
	}
	m.input, m.data, m.err, m.result, m.results, m.stop, m.returned = nil, nil, nil, nil, nil, nil, nil
	m.builtin, m.depth = topdown.BuiltinContext{}, 0
	clear(m.args[:])
	m.plan.machines.Put(m)
}

// machine holds the state of one evaluation.
type machine struct {
	plan  *Plan
	stack []*ast.Term
	// used is how much of the stack was ever in use.
	used int
	// memo is outermost but for the time of a with, which takes one of the spares.
	memo        *memo
	outermost   memo
	spares      []*memo
	input, data *ast.Term
	err         error
	stop        topdown.Cancel
	builtin     topdown.BuiltinContext
	// returned is what the innermost function returned.
	returned *ast.Term
	// result and results are what a built-in function gave.
	result  *ast.Term
	results []*ast.Term
	// one and many take it.
	one, many func(*ast.Term) error
	// args are the operands of the built-in function that runs.
	args [maxArgs]*ast.Term
	// frames are those of the functions that run, as many as depth says.
	frames []*frame
	depth  int
	// loops are those over objects that run, as many as looping says.
	loops   []*turns
	looping int
}

// maxArgs is how many operands a built-in function may have.
const maxArgs = 8

func newMachine(p *Plan) *machine {
	m := &machine{
		plan: p, stack: make([]*ast.Term, 0, 4096), outermost: memo{answers: make([]answer, len(p.funcs)), recalls: true},
	}
	m.memo = &m.outermost
	m.one = func(t *ast.Term) error { m.result = t; return nil }
	m.many = func(t *ast.Term) error { m.results = append(m.results, t); return nil }
	return m
}

// context is what a built-in function gets that looks at more than its operands. Few do, so
// what it takes to make is made then.
func (m *machine) context() topdown.BuiltinContext {
	if m.builtin.Time == nil {
		m.builtin.Time = ast.NumberTerm(number(time.Now().UnixNano()))
		m.builtin.Cache = builtins.Cache{}
	}
	return m.builtin
}

// frame is one call of a function.
type frame struct {
	m *machine
	l []*ast.Term
	// stale says that members of an object were filled in place.
	stale bool
}

// known is what a rule gave already, nil for undefined.
func (m *machine) known(rule int16) (*ast.Term, bool) {
	a := &m.memo.answers[rule]
	return a.value, a.known
}

// call runs a function; nil is undefined, or an error in m.err.
func (m *machine) call(fn *function, args ...*ast.Term) *ast.Term {
	memo := m.memo
	remembers := len(args) == 2 || fn.recalls && memo.recalls
	if remembers {
		if value, known := memo.answers[fn.index].to(args[2:]); known {
			return value
		}
		if kept := fn.kept.Load(); kept != nil {
			memo.keep(fn.index, kept)
			return kept
		}
	}
	var value *ast.Term
	if fn.lasting != nil && memo.recalls {
		value = m.lastingly(fn, args)
	} else {
		value = m.evaluate(fn, args)
	}
	if remembers && m.err == nil {
		memo.remember(fn.index, args[2:], value)
		if fn.steady && value != nil {
			fn.keep(value)
		}
	}
	return value
}

// evaluate runs a function anew.
func (m *machine) evaluate(fn *function, args []*ast.Term) *ast.Term {
	if m.halted() {
		return nil
	}
	saved := m.stack
	base := len(saved)
	locals := int(fn.locals)
	if base+locals > cap(saved) {
		saved = make([]*ast.Term, 0, 2*cap(saved)+locals)
		base = 0
	}
	m.stack = saved[:base+locals]
	m.used = max(m.used, len(m.stack))
	if m.depth == len(m.frames) {
		m.frames = append(m.frames, &frame{m: m})
	}
	f := m.frames[m.depth]
	m.depth++
	f.l = m.stack[base:]
	f.stale = false
	f.enter(fn, args)
	value := f.run(fn)
	m.stack = saved[:base]
	m.depth--
	return value
}

// enter makes a frame ready for a call.
func (f *frame) enter(fn *function, args []*ast.Term) {
	if fn.params == nil {
		clear(f.l[fn.arity:fn.cleared])
		copy(f.l[:fn.arity], args)
		return
	}
	clear(f.l)
	for i, p := range fn.params {
		f.l[p] = args[i]
	}
}

func (f *frame) run(fn *function) *ast.Term {
	if f.exec(fn, 0) != returned {
		return nil
	}
	value := f.m.returned
	f.m.returned = nil
	if f.stale {
		value = refreshed(value)
	}
	return value
}
