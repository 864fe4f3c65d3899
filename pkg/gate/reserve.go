package gate

import (
	"context"
	"fmt"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// reserve asks the ledger for what the policies demand. Dry runs are judged and reserve
// nothing; the platform is counted and never denied; an update asks only when it holds
// more than before.
func (g *Gate) reserve(ctx context.Context, w *write, s *standing, v review.Verdict, demands []engine.Demand) review.Verdict {
	e := s.facts.Effective
	if len(demands) == 0 || e.Domain == "" {
		// A namespace without a tenant has no account; only the platform gets here.
		return v
	}
	if resource := w.Resource.GroupResource(); !quota.Counts(resource) {
		return review.Fail(w.trace, fmt.Sprintf("%s demands quota of %s, of which nothing is counted", demands[0].Rule, resource))
	}
	amounts := amountsOf(demands)
	r := quota.Request{
		Domain: e.Domain, Tenant: e.Tenant, Owner: e.Owner,
		Key:     quota.Key{GroupResource: w.Resource.GroupResource(), Namespace: w.Namespace, Name: w.name()},
		UID:     w.object.uid(),
		Amounts: amounts,
		Lenient: map[string]bool{},
		Limits:  demanded(amounts, e.Limits, g.Calendar, w.now),
		Totals:  demanded(amounts, e.Totals, g.Calendar, w.now),
		Charge:  s.relation == tenant.RelationPlatform,
		DryRun:  w.DryRun,
		Fresh:   w.madeUp(s),
	}
	if w.Operation == review.Update {
		held, err := g.held(ctx, w, s)
		if err != nil {
			return review.Fail(w.trace, "a policy could not say what the stored object holds: "+err.Error())
		}
		if !raises(demands, held) {
			return v
		}
		r.Held, r.Version = held, w.old.text("metadata", "resourceVersion")
	}
	rules := map[string]string{}
	for _, d := range demands {
		rules[d.Dimension] = d.Rule
		r.Lenient[d.Dimension] = d.Enforcement != "" && d.Enforcement != v1alpha1.EnforcementDeny
	}
	decision, err := g.Ledger.Reserve(ctx, r)
	if err != nil {
		return review.Later(w.trace, "the quota ledger could not be written")
	}
	for _, x := range decision.Exceeded {
		v.Outcome = review.Denied
		v.Denials = append(v.Denials, g.exceeded(rules[x.Dimension], x, e, w.now))
	}
	for _, x := range decision.Passed {
		v.Trace.Audited = append(v.Trace.Audited, rules[x.Dimension])
	}
	if v.Outcome == review.Allowed {
		for _, n := range decision.Near {
			v.Warnings = append(v.Warnings, nearly(n, e))
		}
	}
	return v
}

// madeUp reports whether the API server made the name of a create up: the passport, which is
// minted before it does so, is bound to no name then.
func (w *write) madeUp(s *standing) bool {
	if w.Operation != review.Create || s.seal != sealMint || s.passport == nil {
		return false
	}
	return s.passport.Object.Name == "" && s.passport.Object.GenerateName != ""
}
