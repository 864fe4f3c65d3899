package recording

import (
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Of takes from a decision what a recording holds of it. The platform is never denied:
// what policies find in its writes is recorded as a warning. Demands that deny nothing
// are left out.
func Of(a gate.Asked) Decision {
	t := a.Verdict.Trace
	d := Decision{
		Record: Record{
			Time: a.Time, Correlation: t.Correlation, Digest: t.PolicyDigest, Tenant: t.Tenant, Relation: t.Relation,
			Outcome: a.Verdict.Outcome.String(), Rules: a.Verdict.Rules(),
		},
		Input: a.Input,
		Bytes: int64(len(a.Request.Object) + len(a.Request.OldObject)),
	}
	if a.Data != nil {
		d.Data = a.Data.Document()
	}
	effect := EffectDeny
	if t.Relation == string(tenant.RelationPlatform) {
		effect = EffectWarn
	}
	d.add(effect, a.Result.Denials)
	d.add(EffectWarn, a.Result.Warnings)
	d.add(EffectAudit, a.Result.Audited)
	for _, x := range a.Result.Demands {
		if x.Enforcement == "" || x.Enforcement == v1alpha1.EnforcementDeny {
			d.Demands = append(d.Demands, Demand{Rule: x.Rule, Dimension: x.Dimension, Amount: x.Amount.String()})
		}
	}
	return d
}

func (d *Decision) add(effect string, found []engine.Finding) {
	for _, f := range found {
		d.Findings = append(d.Findings, Finding{Rule: f.Rule, Effect: effect, Msg: f.Msg})
	}
}
