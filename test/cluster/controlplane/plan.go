// Package controlplane says how etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler and the nodes of the local cluster are started: their files, flags and
// probes. It starts nothing itself. It may import pki, process, authn and state.
package controlplane

import (
	"fmt"
	"os"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/authn"
	"gatehouse.dev/gatehouse/test/cluster/pki"
	"gatehouse.dev/gatehouse/test/cluster/process"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Credentials says under whose name the controllers of the controller-manager work.
type Credentials string

// PerController gives each controller its own ServiceAccount, as most clusters do;
// Shared lets all work as system:kube-controller-manager.
const (
	PerController Credentials = "per-controller"
	Shared        Credentials = "shared"
)

// Addresses are host:port of the servers.
type Addresses struct {
	Etcd, EtcdPeer, APIServer, Controllers, Scheduler string
}

// Plan is a control plane that is about to start.
type Plan struct {
	Dir         state.Dir
	Addresses   Addresses
	Issuer      authn.Issuer // CA is filled in by Prepare
	Credentials Credentials
	// RequestTimeout is the API server's --request-timeout; 0 is its default.
	RequestTimeout time.Duration
	Nodes          []string
}

// APIServerURL is where everybody finds the API server.
func (p Plan) APIServerURL() string { return "https://" + p.Addresses.APIServer }

// EtcdURL is where the store is read raw.
func (p Plan) EtcdURL() string { return "http://" + p.Addresses.Etcd }

// CAFile is the authority of every server of the cluster.
func (p Plan) CAFile() string { return p.Dir.PKI("ca.crt") }

// Prepare writes keys, certificates, kubeconfigs and configuration files.
func (p *Plan) Prepare() error {
	authority, err := pki.NewAuthority("gatehouse-local-cluster")
	if err != nil {
		return err
	}
	if err := p.writeServing(authority); err != nil {
		return err
	}
	if err := p.writeClients(authority); err != nil {
		return err
	}
	ca, err := os.ReadFile(p.CAFile())
	if err != nil {
		return fmt.Errorf("read authority: %w", err)
	}
	p.Issuer.CA = string(ca)
	return p.writeConfiguration()
}

// Etcd is the store. It listens on loopback without TLS so that a test can read a Secret
// raw, and does not wait for the disk: the cluster is thrown away.
func (p Plan) Etcd() process.Spec {
	return process.Spec{
		Name: "etcd",
		Path: p.Dir.Bin("etcd"),
		Args: []string{
			"--name=local",
			"--data-dir=" + p.Dir.Path("etcd"),
			"--listen-client-urls=" + p.EtcdURL(),
			"--advertise-client-urls=" + p.EtcdURL(),
			"--listen-peer-urls=http://" + p.Addresses.EtcdPeer,
			"--initial-advertise-peer-urls=http://" + p.Addresses.EtcdPeer,
			"--initial-cluster=local=http://" + p.Addresses.EtcdPeer,
			// The only member has nobody to wait for.
			"--heartbeat-interval=10",
			"--election-timeout=100",
			"--unsafe-no-fsync",
			"--log-level=warn",
		},
		Address: p.Addresses.Etcd,
		Ready:   process.Probe{URL: p.EtcdURL() + "/readyz"},
		Layer:   process.LayerStore,
	}
}
