package webhooks

import (
	"strings"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/review"
)

// maxAnnotation bounds one value, in bytes: every write's audit event carries them.
const maxAnnotation = 512

// annotation is one of an answer.
type annotation struct{ key, value string }

// annotations go into the API server's audit event, in the order of their keys; it puts the
// webhook's name and a slash before each.
func annotations(v review.Verdict) []annotation {
	breakGlass, rules := "", ""
	if v.Trace.BreakGlass {
		breakGlass = "true"
	}
	if v.Outcome == review.Denied {
		rules = strings.Join(v.Rules(), ",")
	}
	var all []annotation
	for _, a := range [...]annotation{
		{"actor", v.Trace.Actor},
		{"audited", strings.Join(v.Trace.Audited, ",")},
		{"author", v.Trace.Author},
		{"break-glass", breakGlass},
		{"correlation", v.Trace.Correlation},
		{"outcome", v.Outcome.String()},
		{"policy-digest", v.Trace.PolicyDigest},
		{"rules", rules},
		{"tenant", v.Trace.Tenant},
	} {
		if a.value != "" {
			all = append(all, annotation{a.key, audit.Clean(a.value, maxAnnotation)})
		}
	}
	return all
}
