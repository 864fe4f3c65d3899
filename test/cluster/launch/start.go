package launch

import (
	"context"
	"fmt"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/api"
	"gatehouse.dev/gatehouse/test/cluster/controlplane"
	"gatehouse.dev/gatehouse/test/cluster/install"
	"gatehouse.dev/gatehouse/test/cluster/process"
)

// How long a part may take before its start counts as failed. On an idle machine each
// takes a tenth of it.
const (
	storeLimit     = 20 * time.Second
	apiServerLimit = 60 * time.Second
	controlLimit   = 60 * time.Second
	loginLimit     = 30 * time.Second
)

// startAll starts every part in order.
func (r *run) startAll(ctx context.Context, ours <-chan built) error {
	remote, err := process.Launch(ctx, r.dir, r.dir.Bin("cluster"), "supervise", "--state", string(r.dir))
	if err != nil {
		return err
	}
	r.remote = remote
	if err := r.startControlPlane(ctx); err != nil {
		return err
	}
	if r.options.ControlPlaneOnly {
		return nil
	}
	programs := <-ours
	if programs.err != nil {
		return programs.err
	}
	return r.startGatehouse(ctx, programs.found)
}

func (r *run) startControlPlane(ctx context.Context) error {
	if err := r.start(ctx, r.plan.Etcd(), "etcd", "etcd-peer"); err != nil {
		return err
	}
	// The API server asks the issuer for its keys as it starts, and after a failure only
	// ten seconds later.
	if err := r.start(ctx, r.issuerSpec(), "issuer"); err != nil {
		return err
	}
	if err := r.ready(ctx, storeLimit, "etcd", "issuer"); err != nil {
		return err
	}
	if err := r.start(ctx, r.plan.APIServer(), "apiserver"); err != nil {
		return err
	}
	if err := r.render(ctx); err != nil {
		return err
	}
	if err := r.ready(ctx, apiServerLimit, "kube-apiserver"); err != nil {
		return err
	}
	admin, err := api.New(r.plan.APIServerURL(), r.plan.CAFile(), r.dir.PKI("admin.crt"), r.dir.PKI("admin.key"))
	if err != nil {
		return err
	}
	r.admin = admin
	if err := install.Kinds(ctx, admin, r.objects); err != nil {
		return err
	}
	if r.options.Credentials == controlplane.Shared {
		if err := bindShared(ctx, admin); err != nil {
			return err
		}
	}
	if err := makeNodes(ctx, admin, r.plan.Nodes); err != nil {
		return err
	}
	for _, spec := range []process.Spec{r.plan.Controllers(), r.plan.Scheduler(), r.plan.Kwok()} {
		if err := r.start(ctx, spec, "controllers", "scheduler"); err != nil {
			return err
		}
	}
	if err := r.ready(ctx, controlLimit, "kube-controller-manager", "kube-scheduler", "kwok"); err != nil {
		return err
	}
	if err := until(ctx, loginLimit, r.tryLogin); err != nil {
		return fmt.Errorf("no login by OIDC: %w", err)
	}
	r.say("logins by OIDC work")
	return nil
}

func (r *run) issuerSpec() process.Spec {
	return process.Spec{
		Name: "issuer",
		Path: r.dir.Bin("cluster"),
		Args: []string{
			"issue",
			"--state", string(r.dir),
			"--listen", r.issuer,
			"--id-token-lifetime", r.options.IDTokenLifetime.String(),
		},
		Address: r.issuer,
		Ready:   process.Probe{URL: r.issuerURL() + "/healthz", CAFile: r.plan.CAFile()},
		Layer:   process.LayerStore,
	}
}
