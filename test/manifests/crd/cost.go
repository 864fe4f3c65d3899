package crd

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// What the API server allows at most: the estimated cost of one rule, times the times it
// may run in one object, and of all rules of a definition together.
const (
	ruleCostLimit       = 10_000_000
	definitionCostLimit = 100_000_000
)

// checkRules compiles every rule of a schema and adds up what they may cost.
func checkRules(root *schema.Structural) error {
	c := &costs{env: environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())}
	c.walk("", root, true, 1)
	if c.total > definitionCostLimit {
		c.errs = append(c.errs, fmt.Errorf("all rules together may cost %d, at most %d is allowed", c.total, definitionCostLimit))
	}
	return errors.Join(c.errs...)
}

type costs struct {
	env   *environment.EnvSet
	total uint64
	errs  []error
}

// walk visits a node that occurs at most times times in one object, 0 for without bound.
func (c *costs) walk(path string, s *schema.Structural, isRoot bool, times uint64) {
	results, err := cel.Compile(s, model.SchemaDeclType(s, isRoot), celconfig.PerCallLimit, c.env, cel.NewExpressionsEnvLoader())
	if err != nil {
		c.errs = append(c.errs, fmt.Errorf("%s: %w", path, err))
	}
	for n, result := range results {
		rule := s.XValidations[n].Rule
		if result.Error != nil {
			c.errs = append(c.errs, fmt.Errorf("%s: rule %q: %s", path, rule, result.Error.Detail))
			continue
		}
		count := times
		if count == 0 {
			count = result.MaxCardinality
		}
		cost := multiply(result.MaxCost, count)
		if cost > ruleCostLimit {
			c.errs = append(c.errs, fmt.Errorf("%s: rule %q may cost %d, at most %d is allowed", path, rule, cost, ruleCostLimit))
		}
		c.total = add(c.total, cost)
	}
	for name, property := range s.Properties {
		c.walk(path+"."+name, &property, false, times)
	}
	if s.Items != nil {
		c.walk(path+"[]", s.Items, false, within(times, bound(s, false)))
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil {
		c.walk(path+"{}", s.AdditionalProperties.Structural, false, within(times, bound(s, true)))
	}
}

// bound is the declared size of a list or map, 0 for without bound.
func bound(s *schema.Structural, isMap bool) uint64 {
	if s.ValueValidation == nil {
		return 0
	}
	declared := s.ValueValidation.MaxItems
	if isMap {
		declared = s.ValueValidation.MaxProperties
	}
	if declared == nil {
		return 0
	}
	return uint64(max(*declared, 1))
}

func within(times, size uint64) uint64 {
	if times == 0 || size == 0 {
		return 0
	}
	return multiply(times, size)
}

func multiply(a, b uint64) uint64 {
	if high, low := bits.Mul64(a, b); high == 0 {
		return low
	}
	return math.MaxUint64
}

func add(a, b uint64) uint64 {
	if sum, carry := bits.Add64(a, b, 0); carry == 0 {
		return sum
	}
	return math.MaxUint64
}
