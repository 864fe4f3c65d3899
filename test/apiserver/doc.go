// Package apiserver proves Gatehouse on a real control plane: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler, people logged in by OIDC. The suite
// starts a cluster of its own in a temporary STATE and ends it. Run it with
//
//	make test-apiserver
package apiserver
