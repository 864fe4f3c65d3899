package engine

import (
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Finding is one thing that a policy has to say.
type Finding struct {
	// Rule is <area>/<rule>.
	Rule string
	// Msg is <what is wrong, with the value>; <what is allowed>; <what to do>.
	Msg string
	// Details are plain JSON values, or nil.
	Details any
}

// Demand is an amount of a dimension that a write takes, absolute and not negative.
type Demand struct {
	// Rule demanded it; of several that agree, the one most strictly enforced.
	Rule      string
	Dimension string
	Amount    resource.Quantity
	// Enforcement other than deny means: count it, deny nothing.
	Enforcement v1alpha1.Enforcement
}

// Mutation sets a value where there is none yet.
type Mutation struct {
	Rule string
	// Path is a JSON pointer into the object.
	Path string
	// Value is a plain JSON value.
	Value any
}

// Result is what all policies together have to say, sorted by rule and text. Denials,
// Warnings and Audited are already parted by enforcement.
type Result struct {
	Denials, Warnings, Audited []Finding
	Mutations                  []Mutation
	Demands                    []Demand
}
