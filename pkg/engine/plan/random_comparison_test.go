package plan

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// comparison has both evaluators answer what a trial asks.
type comparison struct {
	trial
	// original is topdown as it is. Where that fails and a plan does not, or the other way round, plain is asked,
	// which has no indexes, and thorough, which evaluates as much as a plan.
	original, plain, thorough *original
	plans                     map[string]*Plan
	wants                     map[string]*wanted
	tally                     *tally
	// seen is what must be the same in the end, with its text as it was.
	seen []seen
}

type seen struct {
	value ast.Value
	text  string
}

// wanted is what topdown gives, and whether a plan was found right that gave something else.
type wanted struct {
	given
	excused bool
}

// Forms of a plan: what is in force, and one that has each statement carried out by itself.
const (
	shortForm = "shortened"
	longForm  = "as planned"
)

var bothForms = []string{shortForm, longForm}

// difference is one between the evaluators.
type difference struct{ text string }

func (d difference) Error() string { return d.text }

func isDifference(err error) bool {
	var d difference
	return errors.As(err, &d)
}

// compare gives a difference, or why there is nothing to compare.
func (x trial) compare(ctx context.Context, n *tally) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = difference{fmt.Sprintf("panic: %v\n%s", problem, debug.Stack())}
		}
	}()
	modules, err := x.modules()
	if err != nil {
		return err
	}
	c := &comparison{trial: x, plans: map[string]*Plan{}, wants: map[string]*wanted{}, tally: n}
	if c.original, err = x.original(modules); err != nil {
		return err
	}
	if c.plain, err = x.original(modules, ast.StageBuildComprehensionIndices); err != nil {
		return err
	}
	if err := c.plan(ctx, modules); err != nil {
		return err
	}
	for _, form := range bothForms {
		if err := c.ask(ctx, form); err != nil {
			return err
		}
	}
	return c.changed()
}

// plan does what Compile does, for both forms at once: nearly all of the time goes into OPA's planner.
func (c *comparison) plan(ctx context.Context, modules map[string]*ast.Module) error {
	if err := misplanned(modules); err != nil {
		return fmt.Errorf("%w: %w", ErrUnplanned, err)
	}
	policy, err := planned(ctx, modules, c.paths(), Options{})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnplanned, err)
	}
	for _, form := range bothForms {
		if c.plans[form], err = link(policy, Options{Strict: c.strict, asPlanned: form == longForm}); err != nil {
			return fmt.Errorf("%w: %w", ErrUnplanned, err)
		}
	}
	c.plans[shortForm].Poison()
	c.tally.plan(c.plans[shortForm])
	return nil
}

// ask asks a plan in one world after the other, and in the first one again: each rule, and each once more in
// the same evaluation.
func (c *comparison) ask(ctx context.Context, form string) error {
	p := c.plans[form]
	for at := range len(c.worlds) + 1 {
		number := at % len(c.worlds)
		w := c.worlds[number]
		run := p.Start(ctx, w.input, w.data, nil, nil)
		for _, path := range append(c.paths(), c.paths()...) {
			rule, ok := p.Rule(path)
			if !ok {
				return difference{"the plan has no rule " + path}
			}
			value, err := run.Ask(rule)
			if err != nil {
				run.End() // nothing more can be asked in it
				run = p.Start(ctx, w.input, w.data, nil, nil)
			} else if at == 0 {
				c.remember(value)
			}
			want, right := c.judge(ctx, path, number, given{value, err})
			if !right {
				return difference{fmt.Sprintf("%s in world %d\ntopdown gives %v\n%s it is %v", path, number, want, form, given{value, err})}
			}
		}
		run.End()
		c.remember(w.input)
	}
	return nil
}

// judge compares an answer of a plan with topdown's. One of the two may be an error: topdown's indexes and
// early exit pass over definitions, or collect for values that do not come, and a plan evaluates more.
func (c *comparison) judge(ctx context.Context, path string, world int, got given) (want given, right bool) {
	key := fmt.Sprintf("%s %d", path, world)
	w := c.wants[key]
	if w == nil {
		w = &wanted{given: c.original.ask(ctx, path, world, true)}
		c.wants[key] = w
		c.tally.answer(w.given)
	}
	var failure *topdown.Error
	switch {
	case got.same(w.given) || w.excused:
		return w.given, true
	case errors.As(w.err, &failure) && failure.Code == topdown.InternalErr:
		c.tally.broken++ // nothing that a policy says may give that
	case got.err == nil && w.err == nil:
		return w.given, false
	case got.same(c.plain.ask(ctx, path, world, false)):
		c.tally.unindexed++
	case got.err != nil && c.failsThoroughly(ctx, path, world):
		c.tally.inTheRest++
	default:
		return w.given, false
	}
	w.excused = true
	return w.given, true
}

// failsThoroughly reports whether topdown fails too if it evaluates as much as a plan.
func (c *comparison) failsThoroughly(ctx context.Context, path string, world int) bool {
	if c.thorough == nil {
		var err error
		if c.thorough, err = c.trial.thorough(); err != nil {
			return false
		}
	}
	return c.thorough.ask(ctx, path, world, true).err != nil || c.thorough.ask(ctx, path, world, false).err != nil
}

// remember keeps what a value is.
func (c *comparison) remember(value ast.Value) {
	if value != nil {
		c.seen = append(c.seen, seen{value, value.String()})
	}
}

// changed finds inputs and answers that are no longer what they were.
func (c *comparison) changed() error {
	for _, s := range c.seen {
		if now := s.value.String(); now != s.text {
			return difference{fmt.Sprintf("%s was changed to %s", s.text, now)}
		}
	}
	return nil
}
