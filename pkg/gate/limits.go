package gate

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// QuotaLimits are limits in force as a ledger judges by them at a time. Device time is
// metered by the month; a limit that counts it otherwise is none.
func QuotaLimits(in map[string]tenant.Limit, c quota.Calendar, now time.Time) map[string]quota.Limit {
	out := make(map[string]quota.Limit, len(in))
	for dimension := range in {
		limitInto(out, dimension, in, c, now)
	}
	return out
}

// demanded are the limits of what is demanded: a tenant has many more.
func demanded(amounts map[string]resource.Quantity, in map[string]tenant.Limit, c quota.Calendar, now time.Time) map[string]quota.Limit {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]quota.Limit, len(amounts))
	for dimension := range amounts {
		limitInto(out, dimension, in, c, now)
	}
	return out
}

func limitInto(out map[string]quota.Limit, dimension string, in map[string]tenant.Limit, c quota.Calendar, now time.Time) {
	l, limited := in[dimension]
	if !limited || dimension == gpu.Dimension && l.Window != v1alpha1.WindowMonth {
		return
	}
	out[dimension] = quota.Limit{Amount: l.Amount, Unlimited: l.Unlimited, Window: l.Window, Start: c.Start(l.Window, now)}
}

// per is how a window reads after an amount.
func per(w v1alpha1.Window) string {
	if w == "" || w == v1alpha1.WindowNone {
		return ""
	}
	return " a " + string(w)
}

// exceeded words one limit that does not hold the demand, under the rule that demanded.
func (g *Gate) exceeded(rule string, x quota.Exceeded, e tenant.Effective, now time.Time) review.Denial {
	if x.Missing {
		return review.Denial{
			Rule:    rule,
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
	if window := per(x.Window); window != "" {
		next = "wait until " + g.Calendar.End(x.Window, now).Format(time.RFC3339) + ", when the " + string(x.Window) + " begins anew, or ask for more"
	}
	used := x.Used.DeepCopy()
	used.Add(x.Reserved)
	return review.Denial{
		Rule:    rule,
		Problem: fmt.Sprintf("%s more %s would pass %s", x.Requested.String(), review.Quote(x.Dimension), whose),
		Allowed: fmt.Sprintf("limit %s%s (%s), used %s", x.Limit.String(), per(x.Window), source, used.String()),
		Next:    next,
	}
}

// nearly words a limit that is nearly used up.
func nearly(n quota.Near, e tenant.Effective) string {
	limit := e.Limits[n.Dimension]
	if n.Scope == quota.ScopeOrganization {
		limit = e.Totals[n.Dimension]
	}
	return fmt.Sprintf("quota: %s of %s %s%s are used now (%s)", n.Used.String(), n.Limit.String(), n.Dimension, per(limit.Window), limit.Source)
}
