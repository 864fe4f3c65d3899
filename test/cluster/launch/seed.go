package launch

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/api"
	"gatehouse.dev/gatehouse/test/cluster/install"
	"gatehouse.dev/gatehouse/test/cluster/process"
)

// A write through the webhooks is tried again for writeLimit: facts travel by watch. A
// Tenant should be Ready within five seconds and is waited for five times as long.
const (
	writeLimit  = 25 * time.Second
	tenantLimit = 25 * time.Second
)

// seed writes the sample platform through the webhooks and waits for its tenants. The
// first write also proves that admission requests arrive and are answered.
func (r *run) seed(ctx context.Context) error {
	objects, err := install.Render(ctx, r.dir.Bin("kubectl"), filepath.Join(r.options.Repository, "config", "samples"))
	if err != nil {
		return err
	}
	resources, err := r.admin.Discover(ctx)
	if err != nil {
		return err
	}
	var tenants []string
	for _, kind := range []string{"Tier", "Model", "Policy", "Organization", "OrganizationSettings", "Tenant"} {
		for _, object := range objects {
			if api.String(object, "kind") != kind {
				continue
			}
			err := until(ctx, writeLimit, func(ctx context.Context) error {
				_, err := r.admin.Apply(ctx, resources, object)
				return err
			})
			if err != nil {
				return fmt.Errorf("seed the sample platform: %w; %s", err, process.Tail(r.dir, webhookName(0), 8))
			}
			if kind == "Tenant" {
				path, err := resources.Path(object)
				if err != nil {
					return err
				}
				tenants = append(tenants, path)
			}
		}
	}
	started := time.Now()
	for _, path := range tenants {
		if err := until(ctx, tenantLimit, func(ctx context.Context) error { return r.tenantReady(ctx, path) }); err != nil {
			return fmt.Errorf("%w; %s", err, process.Tail(r.dir, provisionerName, 8))
		}
	}
	r.say("sample platform is seeded, %d tenants ready %.1fs after the last was written", len(tenants), time.Since(started).Seconds())
	return nil
}

func (r *run) tenantReady(ctx context.Context, path string) error {
	tenant, err := r.admin.Get(ctx, path)
	if err != nil {
		return err
	}
	if api.Condition(tenant, "Ready") {
		return nil
	}
	return fmt.Errorf("%s is not Ready: %s", api.Name(tenant), api.ConditionMessage(tenant, "Ready"))
}
