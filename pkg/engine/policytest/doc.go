// Package policytest proves a set of policies: formatted, compiled strictly, tested with
// every line covered, and shown by examples that do what they say. It serves go test
// and the command line; no server imports it. It may import engine and OPA.
package policytest
