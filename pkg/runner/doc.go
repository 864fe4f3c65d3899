// Package runner says what a ResearchSession becomes: the Job that runs it, in Claude Runner's
// shape. It holds no client, so that the decision over a session can look at the Pods that
// it will have.
package runner
