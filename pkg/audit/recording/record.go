package recording

import (
	"encoding/json"
	"time"
)

// Record is one decision, as a line of a recording holds it.
type Record struct {
	Time time.Time `json:"time"`
	// Correlation, Digest, Tenant and Relation are as in the decision log.
	Correlation string `json:"correlation,omitempty"`
	Digest      string `json:"digest"`
	Tenant      string `json:"tenant"`
	Relation    string `json:"relation,omitempty"`
	// Outcome of the whole decision: allowed, denied, error or retry. The policies are
	// one part of it, quota another.
	Outcome string `json:"outcome"`
	// Rules are those that denied: policies, and what is none of them.
	Rules []string `json:"rules,omitempty"`
	// Findings and Demands are what the policies said.
	Findings []Finding `json:"findings,omitempty"`
	Demands  []Demand  `json:"demands,omitempty"`
	// Input is the policies' input, Data the parameters that the organization had set,
	// null where it had set none. Redacted counts the values replaced in Input.
	Input    json.RawMessage `json:"input"`
	Data     json.RawMessage `json:"data,omitempty"`
	Redacted int             `json:"redacted"`
}

// What a message of a policy did.
const (
	EffectDeny  = "deny"
	EffectWarn  = "warn"
	EffectAudit = "audit"
)

// Finding is one message of a policy.
type Finding struct {
	Rule string `json:"rule"`
	// Effect is deny, warn or audit.
	Effect string `json:"effect"`
	Msg    string `json:"msg"`
}

// Demand is an amount that a policy demanded, as a quantity's text.
type Demand struct {
	Rule      string `json:"rule"`
	Dimension string `json:"dimension"`
	Amount    string `json:"amount"`
}
