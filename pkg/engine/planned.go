package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/engine/plan"
)

// plannedEntry is what is asked of one policy, as a plan answers it.
type plannedEntry struct {
	rule        *ast.Term
	enforcement [2]*ast.Term
	outputs     []plannedOutput
}

type plannedOutput struct {
	name *ast.Term
	rule plan.Rule
}

// makePlan plans the policies that are not off. Where OPA's planner does not cover one, that
// policy, or all of them, are asked through package topdown, and Unplanned says why.
func (p *Program) makePlan(ctx context.Context, modules map[string]*ast.Module, o plan.Options) error {
	paths := map[string][]string{}
	var rules []string
	for _, x := range enforced(p.policies) {
		for _, name := range slices.Sorted(maps.Keys(x.outputs)) {
			paths[x.rule] = append(paths[x.rule], x.rule+"/"+name)
		}
		if len(paths[x.rule]) > 0 {
			rules = append(rules, x.rule)
		}
	}
	p.unplanned = map[string]error{}
	covered := func(rules []string) (made *plan.Plan, err error) {
		var all []string
		for _, rule := range rules {
			all = append(all, paths[rule]...)
		}
		return plan.Compile(ctx, modules, all, o)
	}
	for len(rules) > 0 {
		made, err := covered(rules)
		if err == nil {
			p.plan = made
			break
		}
		culprit, why := first(rules, err, func(some []string) error { _, err := covered(some); return err })
		p.unplanned[culprit] = why
		rules = slices.DeleteFunc(rules, func(rule string) bool { return rule == culprit })
	}
	return p.questions.each(p.planned)
}

// first finds a rule that cannot be planned among some that cannot be planned together, by
// halves: one odd policy among hundreds costs a few plans and not hundreds. Where only some
// together cannot, it is the last of them.
func first(rules []string, err error, try func([]string) error) (culprit string, why error) {
	for len(rules) > 1 {
		half := len(rules) / 2
		if bad := try(rules[:half]); bad != nil {
			rules, err = rules[:half], bad
			continue
		}
		if bad := try(rules[half:]); bad != nil {
			rules, err = rules[half:], bad
			continue
		}
		return rules[len(rules)-1], err
	}
	return rules[0], err
}

// Unplanned says why policies are asked through OPA's own evaluator, by policy; empty when
// all are asked by the plan, or when no plan was wanted.
func (p *Program) Unplanned() map[string]error { return maps.Clone(p.unplanned) }

// each gives every question once.
func (t *questions) each(do func(*question) error) error {
	seen := map[*question]bool{nil: true}
	for _, row := range t.cells {
		for _, c := range row {
			for _, q := range []*question{c.judge, c.mutate, c.demand} {
				if seen[q] {
					continue
				}
				seen[q] = true
				if err := do(q); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// planned finds what the plan answers of a question.
func (p *Program) planned(q *question) error {
	if q == nil || p.plan == nil {
		return nil
	}
	var rest []entry
	for _, e := range q.entries {
		made, ok := p.plannedEntry(e)
		if !ok {
			rest = append(rest, e)
			continue
		}
		q.planned = append(q.planned, made)
	}
	if len(q.planned) == 0 {
		return nil
	}
	var err error
	q.rest, err = questionOf(p.compiler, rest)
	return err
}

func (p *Program) plannedEntry(e entry) (plannedEntry, bool) {
	made := plannedEntry{
		rule:        ast.StringTerm(e.rule),
		enforcement: ast.Item(termEnforce, ast.StringTerm(string(e.enforcement))),
	}
	if _, bad := p.unplanned[e.rule]; bad {
		return made, false
	}
	for _, name := range e.outputs {
		rule, ok := p.plan.Rule(e.rule + "/" + name)
		if !ok {
			return made, false
		}
		made.outputs = append(made.outputs, plannedOutput{ast.StringTerm(name), rule})
	}
	return made, true
}

// answer asks by the plan what it covers, and topdown for the rest.
func (p *Program) answer(ctx context.Context, q *question, input, facts ast.Value, stop topdown.Cancel) (ast.Value, error) {
	document := ast.NewObject()
	rest := q
	if len(q.planned) > 0 {
		if err := p.askPlan(ctx, q, input, facts, stop, document); err != nil {
			return nil, err
		}
		rest = q.rest
	}
	if rest == nil {
		return document, nil
	}
	said, err := p.query(ctx, rest, input, facts, stop)
	if err != nil {
		return nil, err
	}
	if others, ok := said.(ast.Object); ok {
		others.Foreach(func(rule, says *ast.Term) { addSaid(document, rule, says) })
	}
	return document, nil
}

// addSaid adds what one policy says to a document, without what it has nothing to say of.
func addSaid(document ast.Object, rule, says *ast.Term) {
	fields, ok := says.Value.(ast.Object)
	if !ok {
		document.Insert(rule, says)
		return
	}
	left, speaks := ast.NewObject(), false
	fields.Foreach(func(name, value *ast.Term) {
		if !nothing(name, value.Value) {
			left.Insert(name, value)
			speaks = speaks || name.Value != termEnforce.Value
		}
	})
	if speaks {
		document.Insert(rule, ast.NewTerm(left))
	}
}

func (p *Program) askPlan(ctx context.Context, q *question, input, facts ast.Value, stop topdown.Cancel, document ast.Object) error {
	var data ast.Value
	if facts != nil {
		data = ast.NewObject(ast.Item(factsKey, ast.NewTerm(facts)))
	}
	run := p.plan.Start(ctx, input, data, stop, p.values)
	defer run.End()
	for i := range q.planned {
		e := &q.planned[i]
		var says ast.Object
		for _, o := range e.outputs {
			value, err := run.Ask(o.rule)
			switch {
			case err != nil:
				return err
			case value == nil:
				return fmt.Errorf("%w: 0 results of %v, want one", ErrShape, q.rules)
			}
			if nothing(o.name, value) {
				continue // as most say of most writes
			}
			if says == nil {
				says = ast.NewObject(e.enforcement)
				document.Insert(e.rule, ast.NewTerm(says))
			}
			says.Insert(o.name, ast.NewTerm(value))
		}
	}
	return nil
}

// nothing is what an output says that has nothing to say, in the shape that it must have.
func nothing(name *ast.Term, value ast.Value) bool {
	if name.Value == ast.String(outDemand) {
		v, ok := value.(ast.Object)
		return ok && v.Len() == 0
	}
	v, ok := value.(ast.Set)
	return ok && v.Len() == 0
}

var factsKey = ast.StringTerm(factsRoot)
