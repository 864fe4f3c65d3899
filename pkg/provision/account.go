package provision

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	snapshot "gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/crd"
)

// accounts say how tenants' objects count.
type accounts struct {
	facts    facts
	program  func() (*engine.Program, error)
	prefix   string
	calendar quota.Calendar
	now      func() time.Time
}

// of is the account of a tenant, of one also that is no more.
func (a accounts) of(ctx context.Context, name string) (quota.Account, error) {
	objects := snapshot.Objects{Prefix: a.prefix}
	t := &v1alpha1.Tenant{}
	found, err := a.facts.get(ctx, name, t)
	if err != nil {
		return quota.Account{}, fmt.Errorf("tenant %s: %w", name, err)
	}
	if found {
		known, err := a.facts.of(ctx, t)
		if err != nil {
			return quota.Account{}, err
		}
		objects.Tenants = []*v1alpha1.Tenant{t}
		if known.Organization != nil {
			objects.Organizations = []*v1alpha1.Organization{known.Organization}
		}
		if known.Settings != nil {
			objects.Settings = []*v1alpha1.OrganizationSettings{known.Settings}
		}
		objects.Tiers = slices.Collect(maps.Values(known.Tiers))
		objects.Models = slices.Collect(maps.Values(known.Models))
	}
	ns := &corev1.Namespace{}
	ns.Name = a.prefix + name
	if _, err := a.facts.get(ctx, ns.Name, ns); err != nil {
		return quota.Account{}, fmt.Errorf("namespace %s: %w", ns.Name, err)
	}
	home := snapshot.Build(objects).Home(snapshot.Namespace{Name: ns.Name, UID: ns.UID, Labels: ns.Labels, Annotations: ns.Annotations})
	program, err := a.program()
	if err != nil {
		return quota.Account{}, err
	}
	return gate.AccountOf(program, home, a.calendar, a.now()), nil
}

// others gives the sections of all domains but one.
func (a accounts) others(ctx context.Context, domain string) []v1alpha1.LedgerSection {
	var ledgers v1alpha1.QuotaLedgerList
	if err := a.facts.List(ctx, &ledgers, client.UnsafeDisableDeepCopy); err != nil {
		return nil // the cache is stopping
	}
	return crd.Sections(&ledgers, domain)
}
