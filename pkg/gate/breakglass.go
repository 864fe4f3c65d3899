package gate

import (
	"slices"

	"gatehouse.dev/gatehouse/pkg/review"
)

// breakGlass allows what a break-glass caller writes, whatever stands against it: a
// denial, a broken policy, facts that are too old. The write is marked, and what it
// broke is named in a warning, in the log and in the audit log.
func breakGlass(w *write, v review.Verdict) review.Verdict {
	if !w.caller.BreakGlass {
		return v
	}
	allowed := w.allow()
	allowed.Trace = v.Trace
	allowed.Trace.BreakGlass = true
	if v.Outcome == review.Allowed {
		allowed.Patches = v.Patches
	} else {
		broken := v.Rules()
		if len(broken) == 0 {
			broken = []string{"gatehouse/" + v.Outcome.String()}
		}
		allowed.Trace.Audited = slices.Concat(v.Trace.Audited, broken)
	}
	allowed.Warnings = slices.Concat(v.Warnings, []string{"break-glass: this write is allowed, recorded and reported; against it stood: " + against(v)})
	return allowed
}

// against says in one line what a verdict would have been.
func against(v review.Verdict) string {
	switch v.Outcome {
	case review.Allowed:
		return "nothing"
	case review.Denied:
		return v.Message()
	}
	return v.Reason
}
