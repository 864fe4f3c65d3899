package gate

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Gate decides. Fill in every field, then call Validate once.
type Gate struct {
	Facts  facts.Source
	Owners facts.OwnerReader
	// OwnerCache is asked before Owners; nil means that every owner is read live.
	OwnerCache facts.OwnerCache
	// OwnerLookup is told where each controller owner was found, OwnerCached or
	// OwnerLive; may be nil.
	OwnerLookup func(source string)
	// Keys gives the present keyring, nil while none is loaded.
	Keys func() *passport.Keyring
	// Program gives the compiled policies, nil while there are none.
	Program func() *engine.Program
	Ledger  quota.Ledger
	// Calendar says when the windows of limits begin.
	Calendar quota.Calendar
	// Policies judges Policy objects before they are stored; nil judges none.
	Policies PolicyReviewer
	// Constraints judges Gatekeeper's templates and constraints before they are stored; nil
	// judges none.
	Constraints ConstraintReviewer
	// Inventory gives what referential constraints may look up; nil where nothing is kept.
	Inventory func() *gatekeeper.Inventory

	Callers    tenant.Callers
	Onboarding tenant.Onboarding
	// PrimaryAlias is the issuer whose plain subs are tenant names.
	PrimaryAlias string
	// PassportGroups are groups that passports may carry beside those that an
	// organization names.
	PassportGroups []string
	// PodTemplates says where further kinds keep the Pods that they become, by
	// <group>/<kind>: a path in which [] stands for each item of a list, as in
	// spec.replicatedJobs[].template.spec.template.
	PodTemplates map[string]string
	// SessionPods gives the Pod template, in JSON, that a ResearchSession in JSON will
	// have; nil where something else than Gatehouse runs sessions.
	SessionPods func(session []byte) ([]byte, error)
	// EmailAsHash puts passport.HashEmail of an address into passports in its place.
	EmailAsHash bool

	// Now is the clock, NewID makes correlation ids.
	Now   func() time.Time
	NewID func() string
	// MaxFactAge is how old facts may be; 0 means 10 s.
	MaxFactAge time.Duration
	// Asked is told of each decision in which the policies were asked, before it is
	// answered: it must not wait for anything. May be nil.
	Asked func(Asked)
	// Panicked is told of a recovered panic with its stack; may be nil.
	Panicked func(value any, stack []byte)
}

// Validate reports what is missing, so that nothing is found out on a request.
func (g *Gate) Validate() error {
	var missing []error
	need := func(ok bool, name string) {
		if !ok {
			missing = append(missing, fmt.Errorf("gate: %s is not set", name))
		}
	}
	need(g.Facts != nil, "Facts")
	need(g.Owners != nil, "Owners")
	need(g.Keys != nil, "Keys")
	need(g.Program != nil, "Program")
	need(g.Ledger != nil, "Ledger")
	need(g.Now != nil, "Now")
	need(g.NewID != nil, "NewID")
	need(g.PrimaryAlias != "", "PrimaryAlias")
	need(g.Callers.NamespacePrefix != "", "Callers.NamespacePrefix")
	need(g.Callers.SystemNamespace != "", "Callers.SystemNamespace")
	return errors.Join(missing...)
}

// Handle decides one request. It never panics and never allows by accident: every way
// out that is not an explicit allow denies, breaks or asks for a retry.
func (g *Gate) Handle(ctx context.Context, r review.Request) (v review.Verdict) {
	w := &write{Request: r, now: g.Now()}
	defer func() { w.tell(g.Asked, g.Panicked, v) }()
	defer func() { v = breakGlass(w, v) }()
	defer func() {
		if p := recover(); p != nil {
			if g.Panicked != nil {
				g.Panicked(p, debug.Stack())
			}
			v = review.Fail(w.trace, "the decision panicked")
		}
		if v.Trace.Correlation == "" {
			v.Trace.Correlation = g.NewID()
		}
	}()
	if stop := g.prepare(w); stop != nil {
		return *stop
	}
	switch r.Entry {
	case review.EntryTenant:
		return g.tenantWrite(ctx, w)
	case review.EntryPlatform:
		return g.platformWrite(ctx, w)
	case review.EntryNamespaces, review.EntryGuests:
		return g.outsideWrite(ctx, w)
	}
	return w.deny("identity/unknown-entry", "no rule of ours covers this kind of request", "", "tell the platform's administrators")
}

// prepare checks that we can decide at all, decodes the objects and names the caller.
func (g *Gate) prepare(w *write) *review.Verdict {
	limit := g.MaxFactAge
	if limit == 0 {
		limit = 10 * time.Second
	}
	w.caller = g.Callers.Classify(w.Subject)
	w.trace.Class, w.trace.Actor = string(w.caller.Class), w.caller.Username
	w.snapshot = g.Facts.Snapshot()
	if w.snapshot == nil {
		return w.later("facts have not synced")
	}
	if g.Facts.Age(w.now) > limit {
		return w.later("facts are too old")
	}
	if w.program = g.Program(); w.program == nil {
		return w.later("no policies are loaded")
	}
	w.trace.PolicyDigest = w.program.Digest()
	var err error
	if w.object, err = decode(w.Object); err == nil {
		w.old, err = decode(w.OldObject)
	}
	if err != nil {
		v := w.deny("identity/unreadable-object", "the object cannot be read: "+err.Error(), "", "send a plain JSON object")
		return &v
	}
	return nil
}
