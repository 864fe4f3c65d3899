// Command guards breaks what Go decides, as its parent breaks what Rego decides: every condition
// of an if, of a case without a tag and of a returned "a && b" is made never true, then always
// true, in the packages that decide. Their own tests, or else the conformance suite, must notice.
//
// A package is compiled once, with a switch at each condition and an overlay in place of its
// files; which one is broken the environment says, so a break costs a run of the tests and no
// build. It prints the score, and each break that nobody noticed:
//
//	go run ./test/mutation/guards
//	go run ./test/mutation/guards --package pkg/gate --every 6
//
// It is a list to work on, and no bar: many survivors change nothing that anybody could see (a
// fast way beside a slow one, a nil that has no entries), others are noticed on a real API server
// alone, which is not asked here.
//
// Conditions that ask for an error only are left out: most cannot fail here, and what they let
// through is an error's zero value, which denies.
package main
