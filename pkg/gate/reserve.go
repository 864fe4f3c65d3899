package gate

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// reserve asks the ledger for what the policies demand. Dry runs are judged and reserve
// nothing; the platform is counted and never denied.
func (g *Gate) reserve(ctx context.Context, w *write, s *standing, v review.Verdict, demands []engine.Demand) review.Verdict {
	if len(demands) == 0 {
		return v
	}
	e := s.facts.Effective
	r := quota.Request{
		Domain:  e.Domain,
		Tenant:  e.Tenant,
		Key:     quota.Key{GroupResource: w.Resource.GroupResource(), Namespace: w.Namespace, Name: w.name()},
		UID:     w.object.uid(),
		Amounts: map[string]resource.Quantity{},
		Limits:  quotaLimits(e.Limits),
		Totals:  quotaLimits(e.Totals),
		Charge:  s.relation == tenant.RelationPlatform,
		DryRun:  w.DryRun,
	}
	rules := map[string]engine.Demand{}
	for _, d := range demands {
		r.Amounts[d.Dimension] = d.Amount
		rules[d.Dimension] = d
	}
	if e.Domain == "" {
		// A namespace without a tenant has no account; only the platform gets here.
		return v
	}
	decision, err := g.Ledger.Reserve(ctx, r)
	if err != nil {
		return review.Later(w.trace, "the quota ledger could not be written")
	}
	for _, x := range decision.Exceeded {
		d := rules[x.Dimension]
		denial := exceeded(d, x, e)
		if enforcement := d.Enforcement; enforcement != "" && enforcement != v1alpha1.EnforcementDeny {
			v.Trace.Audited = append(v.Trace.Audited, d.Rule)
			continue
		}
		v.Outcome = review.Denied
		v.Denials = append(v.Denials, denial)
	}
	return v
}

// exceeded words one limit that does not hold the demand, under the rule that demanded.
func exceeded(d engine.Demand, x quota.Exceeded, e tenant.Effective) review.Denial {
	if x.Missing {
		return review.Denial{
			Rule:    d.Rule,
			Problem: fmt.Sprintf("nobody limits %s, and what nobody limits is denied", review.Quote(x.Dimension)),
			Allowed: "limit none",
			Next:    "ask a platform administrator to give tier " + review.Quote(e.Tier) + " a limit for it",
		}
	}
	whose, source, next := "your limit", e.Limits[x.Dimension].Source, "end what you no longer need, or ask for a higher tier"
	if x.Scope == quota.ScopeOrganization {
		whose, source = "the limit of organization "+e.Organization, e.Totals[x.Dimension].Source
		next = "ask your organization's admins to end what is no longer needed"
	}
	used := x.Used.DeepCopy()
	used.Add(x.Reserved)
	return review.Denial{
		Rule:    d.Rule,
		Problem: fmt.Sprintf("%s more %s would pass %s", x.Requested.String(), review.Quote(x.Dimension), whose),
		Allowed: fmt.Sprintf("limit %s (%s), used %s", x.Limit.String(), source, used.String()),
		Next:    next,
	}
}

func quotaLimits(in map[string]tenant.Limit) map[string]quota.Limit {
	out := make(map[string]quota.Limit, len(in))
	for dimension, l := range in {
		out[dimension] = quota.Limit{Amount: l.Amount, Unlimited: l.Unlimited}
	}
	return out
}
