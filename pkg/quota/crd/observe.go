package crd

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// DimensionSessions counts sessions that are not over.
const DimensionSessions = "sessions"

// resourceSessions is the group-resource of a session's key.
const resourceSessions = "researchsessions.research.example.com"

const pageSize = 500

// observe lists what is stored in the domain. Without a resourceVersion the API server
// answers no older than the quorum; the pages after the first are of the same moment.
func (l *Ledger) observe(ctx context.Context, domain string) ([]quota.Observed, error) {
	organization, tenant, _ := quota.SplitDomain(domain)
	if tenant != "" {
		return l.sessions(ctx, func(name string) bool { return name == tenant }, client.InNamespace(l.prefix+tenant))
	}
	var tenants v1alpha1.TenantList
	if err := l.client.List(ctx, &tenants); err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	members := map[string]bool{}
	for i := range tenants.Items {
		if tenants.Items[i].Spec.Organization == organization {
			members[tenants.Items[i].Name] = true
		}
	}
	if len(members) == 0 {
		return nil, nil
	}
	return l.sessions(ctx, func(name string) bool { return members[name] })
}

func (l *Ledger) sessions(ctx context.Context, member func(tenant string) bool, opts ...client.ListOption) ([]quota.Observed, error) {
	var out []quota.Observed
	for next := ""; ; {
		var page researchv1.ResearchSessionList
		paged := append([]client.ListOption{client.Limit(pageSize), client.Continue(next)}, opts...)
		if err := l.client.List(ctx, &page, paged...); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		for i := range page.Items {
			tenant, ours := strings.CutPrefix(page.Items[i].Namespace, l.prefix)
			if ours && member(tenant) {
				out = append(out, Observe(tenant, &page.Items[i]))
			}
		}
		if next = page.Continue; next == "" {
			return out, nil
		}
	}
}

// Observe says what a stored session holds: one session until it is over.
func Observe(tenant string, s *researchv1.ResearchSession) quota.Observed {
	o := quota.Observed{
		Tenant: tenant,
		Key:    quota.Key{GroupResource: resourceSessions, Namespace: s.Namespace, Name: s.Name},
		UID:    s.UID,
	}
	if !s.Status.Phase.Terminal() {
		o.Amounts = map[string]resource.Quantity{DimensionSessions: *resource.NewQuantity(1, resource.DecimalSI)}
	}
	return o
}
