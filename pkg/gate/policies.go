package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// PolicyReviewer says what is wrong with a Policy before it is stored.
type PolicyReviewer interface {
	Review(ctx context.Context, p *v1alpha1.Policy) error
}

// policy refuses a Policy that could not be in force as it stands: stored, it would
// only be found out later that it decides nothing.
func (g *Gate) policy(ctx context.Context, w *write) review.Verdict {
	var p v1alpha1.Policy
	if err := json.Unmarshal(w.Object, &p); err != nil {
		return w.deny("policy/unreadable", "the Policy cannot be read", "", "see kubectl explain policy.spec")
	}
	if g.Policies == nil {
		return w.allow()
	}
	err := g.Policies.Review(ctx, &p)
	if err == nil {
		return w.allow()
	}
	var denials []review.Denial
	for line := range strings.Lines(err.Error()) {
		denials = append(denials, review.Denial{Rule: "policy/invalid", Problem: strings.TrimSpace(line),
			Next: "correct it; gatehouse policy test runs the same checks on files"})
	}
	return review.Deny(w.trace, denials...)
}

// exempt moves what a tenant is exempt from out of what denies, into the log and into
// warnings that name the end and who answers for it. The exemption is hers and her
// organization's: it opens her namespace to no stranger.
func (w *write) exempt(s *standing, result *engine.Result) {
	switch s.relation {
	case tenant.RelationOwner, tenant.RelationOrgAdmin, tenant.RelationPlatform, tenant.RelationSystem:
	default:
		return
	}
	exempt := func(rule string) (engine.Exemption, bool) { return w.program.Exempt(rule, w.trace.Tenant, w.now) }
	result.Denials = slices.DeleteFunc(result.Denials, func(f engine.Finding) bool {
		e, ok := exempt(f.Rule)
		if ok {
			result.Warnings = append(result.Warnings, engine.Finding{Rule: f.Rule,
				Msg: fmt.Sprintf("would deny, exempt until %s by %s: %s", e.Expires.UTC().Format("2006-01-02 15:04"), review.Quote(e.Owner), f.Msg)})
		}
		return ok
	})
	for i, d := range result.Demands {
		if _, ok := exempt(d.Rule); ok && d.Enforcement == v1alpha1.EnforcementDeny {
			result.Demands[i].Enforcement = v1alpha1.EnforcementWarn
		}
	}
}

// delegated gives what the organization of the namespace set of policies' parameters.
// Values that are out of bounds by now do not count: the policy's own stand.
func (w *write) delegated() engine.Snapshot {
	if w.home == nil || w.home.Facts.Settings == nil {
		return nil
	}
	given, _ := givenParameters(w.home.Facts.Settings)
	data, _ := w.program.Delegated(given)
	return data
}

// givenParameters reads settings by rule, and says what sets nothing: a name that is no
// Policy's, so that no rule has two, and values that are no object.
func givenParameters(s *v1alpha1.OrganizationSettings) (given map[string]map[string]any, wrong []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Spec.PolicyParameters)) {
		area, rule, ok := strings.Cut(name, ".")
		if !ok || strings.Contains(name, "/") {
			wrong = append(wrong, fmt.Sprintf("%s is no Policy's name, which reads <area>.<rule>", review.Quote(name)))
			continue
		}
		var values map[string]any
		if err := json.Unmarshal(s.Spec.PolicyParameters[name].Raw, &values); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s must be an object of parameters by name", review.Quote(name)))
			continue
		}
		if given == nil {
			given = map[string]map[string]any{}
		}
		given[area+"/"+rule] = values
	}
	return given, wrong
}
