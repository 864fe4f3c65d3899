// Package gatekeeper reads Gatekeeper's format unchanged: ConstraintTemplates with Rego
// of version 0 or 1, and the Constraints made of them, from files or from objects. It
// checks a constraint against its template's schema, fills in the schema's defaults,
// compiles a template's Rego under an allow-list of built-ins of its own, and decides in
// Go which reviews a constraint looks at.
//
// It asks nothing: the engine evaluates what is compiled here. It knows no client.
package gatekeeper
