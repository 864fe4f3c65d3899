package launch

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/build"
	"gatehouse.dev/gatehouse/test/cluster/install"
	"gatehouse.dev/gatehouse/test/cluster/process"
)

// How long Gatehouse's own parts may take. On an idle machine each takes a tenth of it.
const (
	serversLimit = 60 * time.Second
	trustLimit   = 30 * time.Second
)

// built is what came of building Gatehouse's own programs.
type built struct {
	found map[string]string
	err   error
}

// buildGatehouse compiles Gatehouse's servers while the nodes' program is compiled and the
// control plane starts. Call stop when the result is not waited for any more: it ends the
// compilers.
func (r *run) buildGatehouse(ctx context.Context) (result chan built, stop func()) {
	result = make(chan built, 1)
	if r.options.ControlPlaneOnly {
		return result, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var building sync.WaitGroup
	building.Go(func() {
		found, err := build.Gatehouse(ctx, r.options.Repository, r.out)
		result <- built{found, err}
	})
	return result, func() {
		cancel()
		building.Wait()
	}
}

func (r *run) startGatehouse(ctx context.Context, programs map[string]string) error {
	for name, path := range programs {
		if err := copyProgram(path, r.dir.Bin(name)); err != nil {
			return err
		}
	}
	if err := install.Rest(ctx, r.admin, r.objects); err != nil {
		return err
	}
	r.say("%d objects of config/default are applied", len(r.objects))
	if err := r.writeAccounts(ctx); err != nil {
		return err
	}
	specs := r.gatehouseSpecs()
	names := make([]string, 0, len(specs))
	for _, spec := range specs {
		names = append(names, spec.Name)
		port := spec.Name
		if port == "forwarder" {
			port = "webhook"
		}
		if err := r.start(ctx, spec, port, spec.Name+"-metrics"); err != nil {
			return err
		}
	}
	if err := r.ready(ctx, serversLimit, names...); err != nil {
		return err
	}
	err := until(ctx, trustLimit, func(ctx context.Context) error { return install.Trusted(ctx, r.admin) })
	if err != nil {
		return fmt.Errorf("webhooks are not trusted: %w; %s", err, process.Tail(r.dir, provisionerName, 8))
	}
	return r.seed(ctx)
}

// render reads Gatehouse's objects, fitted to this cluster; it needs no API server.
func (r *run) render(ctx context.Context) error {
	if r.options.ControlPlaneOnly {
		return nil
	}
	objects, err := install.Render(ctx, r.dir.Bin("kubectl"), filepath.Join(r.options.Repository, "config", "default"))
	if err != nil {
		return err
	}
	r.objects = install.Local(objects, r.addresses.url())
	return nil
}

// writeAccounts gives each server a kubeconfig with a token of its ServiceAccount, so
// that it runs under exactly the rights that config/rbac grants.
func (r *run) writeAccounts(ctx context.Context) error {
	for _, account := range install.Accounts {
		if err := install.WriteToken(ctx, r.admin, r.dir, account); err != nil {
			return err
		}
		user := map[string]any{"tokenFile": install.TokenFile(r.dir, account)}
		if err := r.plan.WriteKubeconfig(r.dir.Credential(account+".yaml"), install.SystemNamespace, user); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(r.options.Repository, "config", "manager", "gatehouse.yaml"))
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	// The one value that is the cluster's.
	text = bytes.Replace(text, []byte("\n  requestTimeout: 60s\n"), []byte("\n  requestTimeout: "+r.options.RequestTimeout.String()+"\n"), 1)
	if err := os.WriteFile(r.dir.Config("gatehouse.yaml"), text, 0o644); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
