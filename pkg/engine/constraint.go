package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/open-policy-agent/opa/v1/topdown/cache"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// Constraints are those of a set that are enforced at one point, found by the kinds
// that they look at. They never change and are safe for concurrent use.
type Constraints struct {
	list   []constraint
	byKind map[groupKind][]int
	values cache.InterQueryValueCache
	// indexing is switched off only to compare answers.
	indexing bool
}

type groupKind struct{ group, kind string }

// constraint is one of them with what happens when it is violated.
type constraint struct {
	*gatekeeper.Constraint
	enforcement v1alpha1.Enforcement
}

// NewConstraints takes those of a set, which may be nil, that are enforced at a point.
func NewConstraints(set *gatekeeper.Set, point gatekeeper.Point, unoptimized bool) *Constraints {
	c := &Constraints{byKind: map[groupKind][]int{}, indexing: !unoptimized}
	if set == nil {
		return c
	}
	for _, one := range set.Constraints() {
		e := one.At(point)
		if e == v1alpha1.EnforcementOff {
			continue
		}
		for _, key := range keysOf(one.Match.Kinds) {
			c.byKind[key] = append(c.byKind[key], len(c.list))
		}
		c.list = append(c.list, constraint{one, e})
	}
	return c
}

// keysOf lists each combination of group and kind once.
func keysOf(kinds []gatekeeper.Kinds) []groupKind {
	all := func(list []string) []string {
		if len(list) == 0 || slices.Contains(list, wildcard) {
			return []string{wildcard}
		}
		return list
	}
	if len(kinds) == 0 {
		return []groupKind{{wildcard, wildcard}}
	}
	var keys []groupKind
	for _, k := range kinds {
		for _, group := range all(k.APIGroups) {
			for _, kind := range all(k.Kinds) {
				if key := (groupKind{group, kind}); !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
			}
		}
	}
	return keys
}

// candidates lists, in order and each once, the constraints that may look at an object
// of the kinds given.
func (c *Constraints) candidates(objects []gatekeeper.Object) []int {
	var found []int
	lists := 0
	for i, o := range objects {
		if i > 0 && o.Group == objects[0].Group && o.Kind == objects[0].Kind {
			continue
		}
		for _, key := range [...]groupKind{{o.Group, o.Kind}, {o.Group, wildcard}, {wildcard, o.Kind}, {wildcard, wildcard}} {
			list := c.byKind[key]
			if len(list) == 0 {
				continue
			}
			if lists++; lists == 1 {
				found = list
				continue
			}
			found = append(slices.Clip(found), list...)
		}
	}
	if lists > 1 {
		slices.Sort(found)
		found = slices.Compact(found)
	}
	return found
}

// matching are the constraints that look at a subject.
func (c *Constraints) matching(subject *gatekeeper.Subject) ([]constraint, error) {
	var out []constraint
	for _, i := range c.candidates(subject.Objects) {
		fits, err := c.list[i].Match.Fits(subject)
		if err != nil {
			return nil, &EvalError{File: c.list[i].Rule, Code: "match", Text: err.Error()}
		}
		if fits {
			out = append(out, c.list[i])
		}
	}
	return out, nil
}

// addConstraints puts constraints into a compiled Program, after its canary: that is
// the policies' own matter.
func (p *Program) addConstraints(o Options) error {
	point := o.Point
	if point == "" {
		point = gatekeeper.PointWebhook
	}
	p.constraints = NewConstraints(o.Constraints, point, o.Unoptimized)
	p.constraints.values = p.values
	if o.Constraints == nil || len(o.Constraints.Constraints()) == 0 {
		return nil
	}
	bad := &CompileError{}
	for _, c := range o.Constraints.Constraints() {
		if p.HasPolicy(c.Rule) {
			bad.add(c.Rule, 0, "a constraint has the name of a policy")
		}
	}
	sum := sha256.Sum256([]byte(p.digest + "\n" + o.Constraints.Digest() + "\n" + string(point)))
	p.digest = "sha256:" + hex.EncodeToString(sum[:])
	return bad.orNil()
}

// HasPolicy reports whether a policy, and no constraint, has the name <area>/<rule>.
func (p *Program) HasPolicy(rule string) bool {
	return slices.ContainsFunc(p.policies, func(x *policy) bool { return x.rule == rule })
}

// rules describes the constraints.
func (c *Constraints) rules() []RuleInfo {
	if c == nil {
		return nil
	}
	out := make([]RuleInfo, 0, len(c.list))
	for _, one := range c.list {
		operations := one.Template.Operations
		if len(operations) == 0 {
			operations = defaultOperations
		}
		info := RuleInfo{Rule: one.Rule, Title: one.Template.Title, Description: one.Template.Description, Enforcement: one.enforcement,
			Parameters: one.Settings(), Outputs: []string{outDeny}, Match: Match{Operations: operations}}
		for _, key := range keysOf(one.Match.Kinds) {
			info.Match.Groups = appendNew(info.Match.Groups, key.group)
			info.Match.Kinds = appendNew(info.Match.Kinds, key.kind)
		}
		out = append(out, info)
	}
	return out
}

func appendNew(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// mayMatch reports whether any constraint may look at a kind.
func (c *Constraints) mayMatch(group, kind string) bool {
	return c != nil && len(c.candidates([]gatekeeper.Object{{Group: group, Kind: kind}})) > 0
}
