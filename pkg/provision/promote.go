package provision

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// places gives queued sessions theirs.
type places struct {
	accounts
	ledger quota.Ledger
}

// promote reserves what a queued session will hold once it waits no more, from the version
// that it has now: the write that ends its waiting must start from that one too.
func (p places) promote(ctx context.Context, s *researchv1.ResearchSession) (quota.Decision, error) {
	var t v1alpha1.Tenant
	name := strings.TrimPrefix(s.Namespace, p.prefix)
	if err := p.facts.Get(ctx, request(name).NamespacedName, &t); err != nil {
		return quota.Decision{}, fmt.Errorf("tenant %s: %w", name, err)
	}
	known, err := p.facts.of(ctx, &t)
	if err != nil {
		return quota.Decision{}, err
	}
	e := tenant.Resolve(known, nil)
	one := *resource.NewQuantity(1, resource.DecimalSI)
	return p.ledger.Reserve(ctx, quota.Request{
		Domain: e.Domain, Tenant: e.Tenant, Owner: e.Owner,
		Key: quota.Key{GroupResource: "researchsessions.research.example.com", Namespace: s.Namespace, Name: s.Name},
		UID: string(s.UID), Version: s.ResourceVersion,
		Amounts: map[string]resource.Quantity{"sessions": one}, Held: map[string]resource.Quantity{},
		Limits: gate.QuotaLimits(e.Limits, p.calendar, p.now()), Totals: gate.QuotaLimits(e.Totals, p.calendar, p.now()),
	})
}
