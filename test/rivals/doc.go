// Package rivals holds fifteen rules on Pods, what the library of policies that others use asks
// of them, each in CEL and in Rego, to compare engines that decide the same: the API server's
// ValidatingAdmissionPolicies, OPA as it is, Gatehouse's engine.
//
//	go test ./test/rivals -run '^$' -bench . -cpu 1
package rivals
