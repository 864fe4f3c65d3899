package engine

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/review"
)

// cell holds the questions for one combination of group, kind and operation; nil where
// no policy has anything to say.
type cell struct {
	judge, mutate, demand *question
	matches               bool
}

// questions finds the policies of a review by table, so that a policy for other kinds
// costs nothing: one cell for each named group, kind and operation, number 0 standing
// for every name that no policy mentions.
type questions struct {
	groups, kinds map[string]int
	cells         map[review.Operation][]cell
}

// unmentioned is no valid group or kind.
const unmentioned = "\x00"

func newQuestions(compiler *ast.Compiler, all []*policy, podKinds []string) (*questions, error) {
	policies := enforced(all)
	t := &questions{
		groups: map[string]int{unmentioned: 0},
		kinds:  map[string]int{unmentioned: 0},
		cells:  map[review.Operation][]cell{},
	}
	groups, kinds := []string{unmentioned}, []string{unmentioned}
	for _, p := range policies {
		for _, m := range []Match{p.meta.match, p.narrow} {
			groups = number(t.groups, groups, m.Groups)
			kinds = number(t.kinds, kinds, m.Kinds)
		}
	}
	expanded := map[string]bool{}
	for _, name := range podKinds {
		group, kind, _ := strings.Cut(name, "/")
		groups, kinds = number(t.groups, groups, []string{group}), number(t.kinds, kinds, []string{kind})
		expanded[name] = true
	}
	prepared := map[string]cell{}
	for _, op := range []review.Operation{review.Create, review.Update, review.Delete, review.Connect} {
		row := make([]cell, 0, len(groups)*len(kinds))
		for _, group := range groups {
			for _, kind := range kinds {
				fitting, key := fit(policies, group, kind, string(op), expanded[group+"/"+kind])
				c, ok := prepared[key]
				if !ok {
					var err error
					if c, err = newCell(compiler, fitting, group, kind, string(op)); err != nil {
						return nil, err
					}
					prepared[key] = c
				}
				row = append(row, c)
			}
		}
		t.cells[op] = row
	}
	return t, nil
}

// newCell prepares both questions. What only becomes a Pod is judged by those who look at
// Pods; they neither change it nor take quota for it as if it were one.
func newCell(compiler *ast.Compiler, policies []*policy, group, kind, operation string) (cell, error) {
	c := cell{matches: len(policies) > 0}
	asks := func(own ...string) func(*policy) []string {
		return func(p *policy) []string {
			if p.fits(group, kind, operation) {
				return own
			}
			return slices.DeleteFunc(slices.Clone(own), func(name string) bool { return name == outDemand || name == outMutate })
		}
	}
	var err error
	if c.judge, err = askEach(compiler, policies, asks(outDeny, outWarn, outDemand)); err != nil {
		return c, err
	}
	if c.demand, err = askEach(compiler, policies, asks(outDemand)); err != nil {
		return c, err
	}
	c.mutate, err = askEach(compiler, policies, asks(outMutate))
	return c, err
}

// number gives every name a place of its own.
func number(places map[string]int, names, more []string) []string {
	for _, name := range more {
		if _, ok := places[name]; !ok && name != wildcard {
			places[name] = len(names)
			names = append(names, name)
		}
	}
	return names
}

// fit lists the policies that look at a combination, themselves or because it becomes a
// Pod, and a key for that list.
func fit(policies []*policy, group, kind, operation string, becomesPod bool) ([]*policy, string) {
	var fitting []*policy
	key := make([]byte, len(policies))
	for i, p := range policies {
		switch {
		case p.fits(group, kind, operation):
			key[i] = '+'
		case becomesPod && p.fits("", "Pod", operation):
			key[i] = '*'
		default:
			key[i] = '-'
			continue
		}
		fitting = append(fitting, p)
	}
	return fitting, string(key)
}

// find gives the cell of a combination; ok is false for an unknown operation.
func (t *questions) find(group, kind string, operation review.Operation) (c cell, ok bool) {
	row, ok := t.cells[operation]
	if !ok {
		return cell{}, false
	}
	return row[t.groups[group]*len(t.kinds)+t.kinds[kind]], true
}
