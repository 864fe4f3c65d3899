package review

// Outcome is what becomes of a request. The zero Outcome denies.
type Outcome int

// The outcomes, each with the answer that the API server gets.
const (
	// Denied is final: allowed false, 403.
	Denied Outcome = iota
	// Allowed lets the write go on.
	Allowed
	// Broken means that we could not decide because something of ours failed: allowed
	// false, 500, reason InternalError, never counted as a policy denial.
	Broken
	// Retry means that the same call may succeed in a second: HTTP 503 with
	// Retry-After: 1.
	Retry
)

// String gives the word that the decision log uses.
func (o Outcome) String() string {
	switch o {
	case Denied:
		return "denied"
	case Allowed:
		return "allowed"
	case Broken:
		return "error"
	case Retry:
		return "retry"
	}
	return "denied"
}

// Patch is one JSON Patch operation (RFC 6902): add, replace or remove.
type Patch struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Verdict is the decision on one Request, and what the log says of it.
type Verdict struct {
	Outcome Outcome
	// Denials say why, at least one when Outcome is Denied.
	Denials []Denial
	// Reason says in words why Outcome is Broken or Retry. It never holds a secret.
	Reason string
	// Warnings are shown to the caller by kubectl, one line each.
	Warnings []string
	// Patches are set in the mutating phase only.
	Patches []Patch
	// Trace is what the decision log and the audit annotations carry.
	Trace Trace
}

// Trace says who was judged, as whom, under which policies.
type Trace struct {
	Correlation  string
	Tenant       string
	Organization string
	Tier         string
	// Class, Role and Relation of the caller; Author is on whose behalf it comes and
	// Actor who carried it.
	Class, Role, Relation string
	Author, Actor         string
	// KeyID of the passport that was proved or minted.
	KeyID string
	// PolicyDigest names the compiled set of policies.
	PolicyDigest string
	// Audited are rules that would have denied, but are set to audit or warn, or the
	// caller is the platform.
	Audited []string
	// BreakGlass marks a write that was allowed because of who wrote it, in an emergency.
	BreakGlass bool
}

// Deny makes a denying verdict out of denials.
func Deny(trace Trace, denials ...Denial) Verdict {
	return Verdict{Outcome: Denied, Denials: denials, Trace: trace}
}

// Fail makes a verdict for a failure of ours.
func Fail(trace Trace, reason string) Verdict {
	return Verdict{Outcome: Broken, Reason: reason, Trace: trace}
}

// Later makes a verdict that asks the API server to call again.
func Later(trace Trace, reason string) Verdict {
	return Verdict{Outcome: Retry, Reason: reason, Trace: trace}
}

// Rules lists the rules that denied, in order.
func (v Verdict) Rules() []string {
	rules := make([]string, 0, len(v.Denials))
	for _, d := range v.Denials {
		rules = append(rules, d.Rule)
	}
	return rules
}
