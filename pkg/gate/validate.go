package gate

import (
	"context"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// validate proves what mutating did, asks the policies and reserves quota.
func (g *Gate) validate(ctx context.Context, w *write, s *standing) review.Verdict {
	refused := g.proveAll(ctx, w, s)
	if refused != nil && (refused.Outcome != review.Denied || s.relation != tenant.RelationForeign) {
		return *refused
	}
	if s.passport != nil {
		w.trace.KeyID = s.passport.KeyID
		if w.trace.Correlation == "" {
			w.trace.Correlation = s.passport.CorrelationID
		}
	}
	if w.trace.Correlation == "" {
		w.trace.Correlation = g.NewID()
	}
	v, result := g.ask(ctx, w, s)
	if v.Outcome != review.Allowed {
		return v
	}
	if refused != nil {
		return *refused
	}
	return g.reserve(ctx, w, s, v, result.Demands)
}

// proveAll checks annotations and status of the object as it will be stored.
func (g *Gate) proveAll(ctx context.Context, w *write, s *standing) *review.Verdict {
	if !w.object.present() {
		return nil
	}
	if w.SubResource != "" && w.Operation == review.Create && w.object.ours() {
		v := w.deny("identity/passport-changed", "annotations of Gatehouse may not be carried by "+review.Quote(w.resource()), "", "leave them out")
		return &v
	}
	if stop := g.proveSeals(w, s); stop != nil {
		return stop
	}
	if stop := g.proveOwners(ctx, w, s); stop != nil {
		return stop
	}
	return g.proveStatus(ctx, w, s)
}

// ask evaluates the policies. For the platform a denial becomes a warning and a line in
// the log: what it must do, it can do.
func (g *Gate) ask(ctx context.Context, w *write, s *standing) (review.Verdict, engine.Result) {
	result, err := g.consult(ctx, w, s)
	if err != nil {
		return review.Fail(w.trace, err.Error()), engine.Result{}
	}
	v := w.allow()
	v.Warnings = s.warnings
	for _, f := range result.Warnings {
		v.Warnings = append(v.Warnings, f.Rule+": "+f.Msg)
		v.Trace.Audited = append(v.Trace.Audited, f.Rule)
	}
	for _, f := range result.Audited {
		v.Trace.Audited = append(v.Trace.Audited, f.Rule)
	}
	for _, f := range result.Denials {
		if s.relation == tenant.RelationPlatform {
			v.Warnings = append(v.Warnings, f.Rule+" would deny a tenant: "+f.Msg)
			v.Trace.Audited = append(v.Trace.Audited, f.Rule)
			continue
		}
		v.Outcome = review.Denied
		v.Denials = append(v.Denials, review.Denial{Rule: f.Rule, Problem: f.Msg})
	}
	return v, result
}
