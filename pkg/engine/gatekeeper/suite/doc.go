// Package suite runs the tests of Gatekeeper's format: suite.yaml files that name a
// template, a constraint, objects and what is to be said of them.
package suite
