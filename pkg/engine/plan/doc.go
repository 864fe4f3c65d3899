// Package plan evaluates Rego by OPA's plan, the intermediate representation that OPA's own
// planner makes of compiled modules: its statements become instructions of a few bytes over ast
// terms.
//
// Results are those of OPA's evaluator in package topdown; where a plan cannot be made, Compile
// says so and the caller asks topdown. Two differences are left: statements run in the order
// of the plan, so that of several errors another one may be reported, and there is no trace.
package plan
