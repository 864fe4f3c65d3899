// Package taint tells whether an evaluation looked at a value that was replaced by a
// marker. A recording of a review holds markers in place of secrets; a rule that looked at
// one may have decided otherwise on what stood there.
//
// Two markers compare as what they stand for, so that is no look: equal texts have equal
// markers. Nor is it one to hand a marker on, to bind, collect or return it. Where it
// cannot be told, it counts as a look: a look that is missed would be a wrong answer.
//
// It may import OPA and nothing of ours.
package taint
