// Package gitops holds tests of how Gatehouse and GitOps tools get on, judged by Argo
// CD's own diff library. It has no code of its own. It is a module of its own because
// that library needs k8s.io/kubernetes, which only resolves with its staging repositories
// replaced.
package gitops
