// Package engine decides with Rego: it compiles a set of policies once, under an
// allow-list of built-ins and a typed input, and answers each review with one result
// document. Whatever is not a well-formed answer is an error, never an allow.
//
// It may import review, tenant, quota, facts and the API types at most, plus OPA. It
// knows no Kubernetes client and reads no clock but the deadline it was given.
package engine
