package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/facts/live"
	"gatehouse.dev/gatehouse/pkg/passport"
)

// Annotations of a replica's Lease: what it has loaded, and what it has decided.
const (
	annotationActiveKey = "gatehouse.dev/active-key"
	annotationDigest    = "gatehouse.dev/policy-digest"
	annotationDecisions = "gatehouse.dev/decisions"
	annotationDenials   = "gatehouse.dev/denials"
)

// reportEvery bounds how often the counts in the Lease change.
const reportEvery = 30 * time.Second

// report is what a replica says of itself with each renewal of its Lease. A key may be
// activated once every replica's report lists it.
type report struct {
	policyDigest string
	totals       func() audit.Totals
	keys         func() *passport.Keyring

	mu      sync.Mutex
	counted time.Time
	last    audit.Totals
}

func (r *report) annotations() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.counted) >= reportEvery {
		r.counted, r.last = now, r.totals()
	}
	all := map[string]string{
		annotationDigest:    r.policyDigest,
		annotationDecisions: strconv.FormatUint(r.last.Decisions, 10),
	}
	if ring := r.keys(); ring != nil {
		all[live.AnnotationKeys] = strings.Join(ring.IDs(), ",")
		all[annotationActiveKey] = ring.Active()
	}
	// A map of strings to numbers always renders.
	if denials, err := json.Marshal(r.last.Denials); err == nil {
		all[annotationDenials] = string(denials)
	}
	return all
}
