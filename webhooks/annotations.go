package webhooks

import (
	"strings"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/review"
)

// maxAnnotation bounds one value, in bytes: every write's audit event carries them.
const maxAnnotation = 512

// annotations go into the API server's audit event; it puts the webhook's name and a
// slash before each key.
func annotations(v review.Verdict) map[string]string {
	all := map[string]string{
		"outcome":       v.Outcome.String(),
		"tenant":        v.Trace.Tenant,
		"author":        v.Trace.Author,
		"actor":         v.Trace.Actor,
		"correlation":   v.Trace.Correlation,
		"policy-digest": v.Trace.PolicyDigest,
		"audited":       strings.Join(v.Trace.Audited, ","),
	}
	if v.Trace.BreakGlass {
		all["break-glass"] = "true"
	}
	if v.Outcome == review.Denied {
		all["rules"] = strings.Join(v.Rules(), ",")
	}
	for key, value := range all {
		if value == "" {
			delete(all, key)
			continue
		}
		all[key] = audit.Clean(value, maxAnnotation)
	}
	return all
}
