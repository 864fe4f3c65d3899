package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/pkg/facts/live"
	"gatehouse.dev/gatehouse/pkg/passport"
)

// Annotations of a replica's Lease: what it has loaded, and what it has decided.
const (
	annotationActiveKey = "gatehouse.dev/active-key"
	annotationDecisions = "gatehouse.dev/decisions"
)

// What a replica says at most of policies that are not in force: how many, how long.
const (
	maxReasons = 32
	maxReason  = 512
)

// reportEvery bounds how often the counts in the Lease change.
const reportEvery = 30 * time.Second

// report is what a replica says of itself with each renewal of its Lease. A key may be
// activated once every replica's report lists it.
type report struct {
	policies *policyset.Set
	totals   func() audit.Totals
	keys     func() *passport.Keyring

	mu      sync.Mutex
	counted time.Time
	last    audit.Totals
	asked   map[string]uint64
}

func (r *report) annotations() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.counted) >= reportEvery {
		r.counted, r.last, r.asked = now, r.totals(), r.policies.Asked()
	}
	state := r.policies.State()
	all := map[string]string{
		live.AnnotationDigest: state.Digest,
		annotationDecisions:   strconv.FormatUint(r.last.Decisions, 10),
	}
	if ring := r.keys(); ring != nil {
		all[live.AnnotationKeys] = strings.Join(ring.IDs(), ",")
		all[annotationActiveKey] = ring.Active()
	}
	if state.Failure != "" {
		state.Rejected[""] = state.Failure
	}
	for name, value := range map[string]any{
		live.AnnotationDenials: r.last.Denials, live.AnnotationAudited: r.last.Audited, live.AnnotationAsked: r.asked,
		live.AnnotationPolicies: state.Loaded, live.AnnotationRejected: shortened(state.Rejected),
	} {
		// Maps of strings to strings or numbers always render.
		if text, err := json.Marshal(value); err == nil {
			all[name] = string(text)
		}
	}
	return all
}

// shortened keeps reasons to what an annotation can hold for many.
func shortened(reasons map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range reasons {
		if len(out) < maxReasons {
			out[name] = text[:min(len(text), maxReason)]
		}
	}
	return out
}
