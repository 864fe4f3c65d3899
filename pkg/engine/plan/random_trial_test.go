package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// trial is one set of random modules, with what they are asked over.
type trial struct {
	seed   uint64
	rules  []written
	worlds []world
	strict bool
}

// world is what rules are evaluated over.
type world struct{ input, data ast.Value }

// worldsEach is how many a trial has: to plan modules takes much longer than to ask them.
const worldsEach = 8

func newTrial(seed uint64) trial {
	a := newAuthor(seed)
	a.modules()
	x := trial{seed: seed, rules: a.rules, strict: a.chance(50)}
	for range worldsEach {
		x.worlds = append(x.worlds, world{a.document(false), a.base()})
	}
	if a.chance(30) {
		x.worlds[1].input = nil
	}
	return x
}

// texts are the modules, by file.
func (x trial) texts() map[string]string {
	out := map[string]string{}
	for _, pkg := range packages {
		out[pkg+".rego"] = "package " + pkg + "\n"
	}
	for _, w := range x.rules {
		if len(w.definitions) > 0 {
			out[w.pkg+".rego"] += "\n" + strings.Join(w.definitions, "\n\n") + "\n"
		}
	}
	return out
}

func (x trial) modules() (map[string]*ast.Module, error) {
	out := map[string]*ast.Module{}
	for file, text := range x.texts() {
		module, err := ast.ParseModule(file, text)
		if err != nil {
			return nil, fmt.Errorf("what was written is no Rego: %w", err)
		}
		out[file] = module
	}
	return out, nil
}

// paths are those of the rules that can be asked.
func (x trial) paths() []string {
	var out []string
	for _, w := range x.rules {
		if w.is != callable && len(w.definitions) > 0 {
			out = append(out, w.pkg+"/"+w.name)
		}
	}
	return out
}

// with has a rule consist of other definitions.
func (x trial) with(rule int, definitions []string) trial {
	x.rules = slices.Clone(x.rules)
	x.rules[rule].definitions = definitions
	return x
}

func (x trial) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "strict %t\n", x.strict)
	for i, w := range x.worlds {
		fmt.Fprintf(&out, "world %d\n  input %v\n  data %v\n", i, w.input, w.data)
	}
	texts := x.texts()
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(&out, "\n%s", texts[file])
	}
	return out.String()
}

// given is what an evaluator gave: a value, an error, or neither where a rule is undefined.
type given struct {
	value ast.Value
	err   error
}

// same does not ask which of several errors it is: statements run in another order.
func (g given) same(other given) bool {
	if g.err != nil || other.err != nil {
		return g.err != nil && other.err != nil
	}
	if g.value == nil || other.value == nil {
		return g.value == nil && other.value == nil
	}
	return g.value.Compare(other.value) == 0
}

func (g given) String() string {
	switch {
	case g.err != nil:
		return "error: " + g.err.Error()
	case g.value == nil:
		return "undefined"
	}
	return g.value.String()
}

// errRefused says that OPA's compiler takes no such modules.
var errRefused = errors.New("refused")

// original is OPA's own evaluator over the modules of a trial.
type original struct {
	compiler *ast.Compiler
	worlds   []world
	stores   []storage.Store
	queries  map[string]ast.Body
	strict   bool
}

// original compiles them, without some stages.
func (x trial) original(modules map[string]*ast.Module, without ...ast.StageID) (*original, error) {
	o := &original{compiler: ast.NewCompiler().WithSkipStages(without...), worlds: x.worlds, queries: map[string]ast.Body{}, strict: x.strict}
	if o.compiler.Compile(modules); o.compiler.Failed() {
		return nil, fmt.Errorf("%w: %w", errRefused, o.compiler.Errors)
	}
	for _, w := range x.worlds {
		documents, err := ast.JSON(w.data)
		if err != nil {
			return nil, err
		}
		base, _ := documents.(map[string]any)
		o.stores = append(o.stores, inmem.NewFromObject(base))
	}
	for _, path := range x.paths() {
		query := ast.MustParseBody("answer = data." + strings.ReplaceAll(path, "/", "."))
		compiled, err := o.compiler.QueryCompiler().Compile(query)
		if err != nil {
			return nil, err
		}
		o.queries[path] = compiled
	}
	return o, nil
}

// ask asks for a rule; optimized is with indexes and early exit.
func (o *original) ask(ctx context.Context, path string, world int, optimized bool) given {
	store, input := o.stores[world], o.worlds[world].input
	txn := storage.NewTransactionOrDie(ctx, store)
	defer store.Abort(ctx, txn)
	query := topdown.NewQuery(o.queries[path]).WithCompiler(o.compiler).WithStore(store).WithTransaction(txn).
		WithIndexing(optimized).WithEarlyExit(optimized).WithStrictBuiltinErrors(o.strict)
	if input != nil {
		query = query.WithInput(ast.NewTerm(input))
	}
	results, err := query.Run(ctx)
	switch {
	case err != nil:
		return given{err: err}
	case len(results) == 0:
		return given{}
	}
	return given{value: results[0]["answer"].Value}
}
