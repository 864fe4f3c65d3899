package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"gatehouse.dev/gatehouse/test/cluster/authn"
	"gatehouse.dev/gatehouse/test/cluster/issuer"
	"gatehouse.dev/gatehouse/test/cluster/pki"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// nodes are the nodes that kwok plays.
var nodes = []string{"node-0", "node-1"}

// TenantNamespace is where a person of the sample platform works.
func TenantNamespace(user string) string { return "claude-runner-user-" + user }

// prepare makes the folder, chooses ports and writes every file that the processes read.
func (r *run) prepare(ctx context.Context, programs map[string]string) error {
	if err := r.dir.Reset(); err != nil {
		return err
	}
	for name, path := range programs {
		if err := os.Symlink(path, r.dir.Bin(name)); err != nil {
			return fmt.Errorf("put %s into bin: %w", name, err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the launcher: %w", err)
	}
	// A copy: the launcher in the checkout may be built again while the cluster runs.
	if err := copyProgram(self, r.dir.Bin("cluster")); err != nil {
		return err
	}
	if err := r.choosePorts(ctx); err != nil {
		return err
	}
	r.plan.Dir = r.dir
	r.plan.Credentials = r.options.Credentials
	r.plan.RequestTimeout = r.options.RequestTimeout
	r.plan.Nodes = nodes
	r.plan.Issuer = authn.Issuer{Alias: r.options.Alias, URL: r.issuerURL(), Audience: issuer.ClientID}
	if err := r.plan.Prepare(); err != nil {
		return err
	}
	if err := r.prepareIssuer(); err != nil {
		return err
	}
	for _, user := range issuer.Samples() {
		if err := r.plan.WriteOIDCKubeconfig(user, TenantNamespace(user)); err != nil {
			return err
		}
	}
	return r.dir.WriteEnv(r.env())
}

func (r *run) choosePorts(ctx context.Context) error {
	r.ports = state.NewPorts(r.options.Ports)
	a := &r.plan.Addresses
	wanted := map[string]*string{
		"etcd": &a.Etcd, "etcd-peer": &a.EtcdPeer, "apiserver": &a.APIServer,
		"controllers": &a.Controllers, "scheduler": &a.Scheduler, "issuer": &r.issuer,
	}
	if !r.options.ControlPlaneOnly {
		r.addresses = newGatehouseAddresses(r.options.Replicas)
		r.addresses.add(wanted)
	}
	for name, address := range wanted {
		chosen, err := r.ports.Reserve(ctx, name)
		if err != nil {
			r.ports.ReleaseAll()
			return err
		}
		*address = chosen
	}
	return nil
}

func (r *run) prepareIssuer() error {
	private, _, err := pki.NewSigningKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.dir.PKI("issuer-signing.key"), private, 0o600); err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	return issuer.NewPasswords().Write(r.dir.Path("oidc", "passwords.json"))
}

func (r *run) issuerURL() string { return "https://" + r.issuer }

func (r *run) env() state.Env {
	env := state.Env{
		"APISERVER_URL":   r.plan.APIServerURL(),
		"ETCD_URL":        r.plan.EtcdURL(),
		"OIDC_ISSUER_URL": r.issuerURL(),
		"CA_FILE":         r.plan.CAFile(),
		"AUDIT_LOG":       r.dir.AuditLog(),
		"DECISION_LOG":    r.dir.DecisionLog(),
		"CREDENTIALS":     string(r.options.Credentials),
	}
	r.addresses.env(env)
	return env
}

func copyProgram(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	defer func() { _ = source.Close() }() // only read
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Close()); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	return nil
}
