// Package network holds the proof of what a tenant's NetworkPolicies let through, judged
// by cyclonus, an evaluator of NetworkPolicies that others wrote and hold against real
// network plugins. It has no code of its own. It is a module of its own because cyclonus
// needs a tablewriter older than the policy engine's.
package network
