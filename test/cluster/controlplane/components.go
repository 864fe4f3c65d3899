package controlplane

import (
	"net"

	"gatehouse.dev/gatehouse/test/cluster/process"
)

// Controllers is kube-controller-manager.
func (p Plan) Controllers() process.Spec {
	host, port := split(p.Addresses.Controllers)
	kubeconfig := p.Dir.Credential("kube-controller-manager.yaml")
	args := []string{
		"--bind-address=" + host,
		"--secure-port=" + port,
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--tls-cert-file=" + p.Dir.PKI("controllers.crt"),
		"--tls-private-key-file=" + p.Dir.PKI("controllers.key"),
		"--root-ca-file=" + p.CAFile(),
		"--cluster-signing-cert-file=" + p.CAFile(),
		"--cluster-signing-key-file=" + p.Dir.PKI("ca.key"),
		"--service-account-private-key-file=" + p.Dir.PKI("service-accounts.key"),
		"--leader-elect=false",
		"--profiling=false",
	}
	if p.Credentials == PerController {
		args = append(args, "--use-service-account-credentials=true")
	}
	return process.Spec{
		Name:    "kube-controller-manager",
		Path:    p.Dir.Bin("kube-controller-manager"),
		Args:    args,
		Address: p.Addresses.Controllers,
		Ready:   process.Probe{URL: "https://" + p.Addresses.Controllers + "/healthz", CAFile: p.CAFile()},
		Layer:   process.LayerControl,
	}
}

// Scheduler is kube-scheduler.
func (p Plan) Scheduler() process.Spec {
	host, port := split(p.Addresses.Scheduler)
	kubeconfig := p.Dir.Credential("kube-scheduler.yaml")
	return process.Spec{
		Name: "kube-scheduler",
		Path: p.Dir.Bin("kube-scheduler"),
		Args: []string{
			"--bind-address=" + host,
			"--secure-port=" + port,
			"--kubeconfig=" + kubeconfig,
			"--authentication-kubeconfig=" + kubeconfig,
			"--authorization-kubeconfig=" + kubeconfig,
			"--tls-cert-file=" + p.Dir.PKI("scheduler.crt"),
			"--tls-private-key-file=" + p.Dir.PKI("scheduler.key"),
			"--leader-elect=false",
			"--profiling=false",
		},
		Address: p.Addresses.Scheduler,
		Ready:   process.Probe{URL: "https://" + p.Addresses.Scheduler + "/healthz", CAFile: p.CAFile()},
		Layer:   process.LayerControl,
	}
}

// Kwok plays the nodes, each under its own certificate. It is ready when the last of
// them is.
func (p Plan) Kwok() process.Spec {
	spec := process.Spec{Name: "kwok", Path: p.Dir.Bin("kwok"), Layer: process.LayerControl}
	for _, node := range p.Nodes {
		spec.Args = append(spec.Args, "--node="+node+"="+p.Dir.Credential(node+".yaml"))
		spec.Ready = process.Probe{
			URL:       p.APIServerURL() + "/api/v1/nodes/" + node,
			Condition: "Ready",
			CAFile:    p.CAFile(),
			CertFile:  p.Dir.PKI("admin.crt"),
			KeyFile:   p.Dir.PKI("admin.key"),
		}
	}
	return spec
}

// split takes an address apart that Ports put together.
func split(address string) (host, port string) {
	host, port, _ = net.SplitHostPort(address)
	return host, port
}
