// Package review holds the value types of one decision: the Request that is judged and
// the Verdict that comes out. The zero Verdict denies. It imports the standard library
// only, so that every other package can speak of a decision.
package review
