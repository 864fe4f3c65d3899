package controlplane

import (
	"fmt"
	"os"

	"gatehouse.dev/gatehouse/test/cluster/pki"
)

func (p Plan) writeServing(authority *pki.Authority) error {
	ca, err := authority.Pair()
	if err != nil {
		return err
	}
	if err := ca.Write(p.Dir.PKI("ca")); err != nil {
		return err
	}
	inside := []string{
		serviceAddress, "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local",
	}
	servers := map[string][]string{"apiserver": inside, "controllers": nil, "scheduler": nil, "issuer": nil}
	for name, hosts := range servers {
		pair, err := authority.Serving(name, hosts...)
		if err != nil {
			return err
		}
		if err := pair.Write(p.Dir.PKI(name)); err != nil {
			return err
		}
	}
	private, public, err := pki.NewSigningKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.Dir.PKI("service-accounts.key"), private, 0o600); err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	if err := os.WriteFile(p.Dir.PKI("service-accounts.pub"), public, 0o644); err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	return nil
}

// client is an identity by certificate and the kubeconfig that shows it.
type client struct {
	file       string // base name of the certificate
	user       string
	groups     []string
	kubeconfig string
}

func (p Plan) clients() []client {
	all := []client{
		{"admin", "kubernetes-admin", []string{"system:masters"}, p.Dir.Kubeconfig("admin")},
		{"kube-controller-manager", "system:kube-controller-manager", nil, p.Dir.Credential("kube-controller-manager.yaml")},
		{"kube-scheduler", "system:kube-scheduler", nil, p.Dir.Credential("kube-scheduler.yaml")},
	}
	for _, node := range p.Nodes {
		all = append(all, client{node, "system:node:" + node, []string{"system:nodes"}, p.Dir.Credential(node + ".yaml")})
	}
	return all
}

func (p Plan) writeClients(authority *pki.Authority) error {
	for _, c := range p.clients() {
		pair, err := authority.Client(c.user, c.groups...)
		if err != nil {
			return err
		}
		if err := pair.Write(p.Dir.PKI(c.file)); err != nil {
			return err
		}
		user := map[string]any{
			"client-certificate": p.Dir.PKI(c.file + ".crt"),
			"client-key":         p.Dir.PKI(c.file + ".key"),
		}
		if err := p.WriteKubeconfig(c.kubeconfig, "", user); err != nil {
			return err
		}
	}
	return nil
}
