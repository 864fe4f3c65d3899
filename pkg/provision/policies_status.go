package provision

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/pkg/facts/live"
)

// ReasonRefused is a Policy that is not in force as it stands.
const ReasonRefused = "Refused"

// policyReport is what one replica says of the policies that it decides by.
type policyReport struct {
	digest           string
	loaded, rejected map[string]string
	// By rule: how often it was asked, denied, and would have denied.
	asked, denials, audited map[string]uint64
}

// policyReports reads the live replicas' reports; what cannot be read says nothing.
func policyReports(living map[string]sighting) map[string]policyReport {
	out := make(map[string]policyReport, len(living))
	for identity, s := range living {
		r := policyReport{digest: s.says[live.AnnotationDigest]}
		for name, into := range map[string]any{
			live.AnnotationPolicies: &r.loaded, live.AnnotationRejected: &r.rejected,
			live.AnnotationAsked: &r.asked, live.AnnotationDenials: &r.denials,
			live.AnnotationAudited: &r.audited,
		} {
			_ = json.Unmarshal([]byte(s.says[name]), into)
		}
		out[identity] = r
	}
	return out
}

// describePolicy writes a Policy's status out of the replicas' reports.
func describePolicy(p *v1alpha1.Policy, reports map[string]policyReport) {
	rule, err := policyset.Rule(p.Name)
	p.Status.Decisions, p.Status.Denials, p.Status.Audited, p.Status.Digest = 0, 0, 0, ""
	inForce, refused := 0, ""
	if err != nil {
		refused = err.Error()
	}
	for _, identity := range slices.Sorted(maps.Keys(reports)) {
		r := reports[identity]
		p.Status.Decisions += int64(r.asked[rule])
		p.Status.Denials += int64(r.denials[rule])
		p.Status.Audited += int64(r.audited[rule])
		if r.loaded[p.Name] == policyset.Version(p) {
			inForce++
			p.Status.Digest = r.digest
		}
		for _, name := range []string{p.Name, ""} {
			if reason, ok := r.rejected[name]; ok && refused == "" {
				refused = reason
			}
		}
	}
	p.Status.Compiled = fmt.Sprintf("%d/%d", inForce, len(reports))
	p.Status.ObservedGeneration = p.Generation
	s := standing{ready: true, reason: ReasonReady, message: "in force on all replicas"}
	switch {
	case inForce == len(reports) && inForce > 0:
	case refused != "":
		s = standing{reason: ReasonRefused, message: "not in force as it stands, the last good version stays: " + refused}
	case len(reports) == 0:
		s = standing{reason: ReasonWaiting, message: "no replica of the webhook reports"}
	default:
		s = standing{reason: ReasonWaiting, message: fmt.Sprintf("in force on %d of %d replicas", inForce, len(reports))}
	}
	s.set(&p.Status.Conditions, p.Generation)
}
