package controlplane

import (
	"time"

	"gatehouse.dev/gatehouse/test/cluster/process"
)

// serviceNetwork is where ClusterIPs are drawn from; its first address is the API
// server's Service.
const (
	serviceNetwork = "10.96.0.0/16"
	serviceAddress = "10.96.0.1"
)

// tokenIssuer signs ServiceAccount tokens.
const tokenIssuer = "https://kubernetes.default.svc.cluster.local"

// APIServer is kube-apiserver as a hardened cluster runs it: TLS, Node and RBAC
// authorizers, Secrets encrypted at rest, an audit log, users by OIDC. NodeRestriction is
// added to the admission plugins that are on by default (Pod Security among them); API
// Priority and Fairness is on by default.
func (p Plan) APIServer() process.Spec {
	host, port := split(p.Addresses.APIServer)
	timeout := p.RequestTimeout
	if timeout == 0 {
		timeout = time.Minute
	}
	return process.Spec{
		Name: "kube-apiserver",
		Path: p.Dir.Bin("kube-apiserver"),
		Args: []string{
			"--bind-address=" + host,
			"--secure-port=" + port,
			"--advertise-address=" + host,
			// The endpoints of the API server's Service refuse loopback addresses.
			"--endpoint-reconciler-type=none",
			"--service-cluster-ip-range=" + serviceNetwork,
			"--etcd-servers=" + p.EtcdURL(),
			"--encryption-provider-config=" + p.Dir.Encryption(),
			"--tls-cert-file=" + p.Dir.PKI("apiserver.crt"),
			"--tls-private-key-file=" + p.Dir.PKI("apiserver.key"),
			"--client-ca-file=" + p.CAFile(),
			"--authentication-config=" + p.Dir.Config("authentication.yaml"),
			"--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction",
			"--allow-privileged=true",
			"--audit-policy-file=" + p.Dir.Config("audit.yaml"),
			"--audit-log-path=" + p.Dir.AuditLog(),
			"--service-account-issuer=" + tokenIssuer,
			"--service-account-key-file=" + p.Dir.PKI("service-accounts.pub"),
			"--service-account-signing-key-file=" + p.Dir.PKI("service-accounts.key"),
			"--request-timeout=" + timeout.String(),
			"--profiling=false",
		},
		Address: p.Addresses.APIServer,
		Ready:   process.Probe{URL: p.APIServerURL() + "/readyz", CAFile: p.CAFile()},
		Layer:   process.LayerAPI,
	}
}
