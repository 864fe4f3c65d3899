package gate

import (
	"time"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// write is one request on its way through the gate.
type write struct {
	review.Request
	now      time.Time
	snapshot *facts.Snapshot
	program  *engine.Program
	caller   tenant.Caller
	// object and old are the decoded objects, empty where the API server sent null.
	object, old object
	// home is the tenant namespace that is written to, nil elsewhere.
	home  *facts.Home
	trace review.Trace
	// asked is what the policies were asked, nil while they were not.
	asked *Asked
}

// subject is the object that names things: the new one, or on DELETE the old one.
func (w *write) subject() object {
	if w.object.present() {
		return w.object
	}
	return w.old
}

// name of the object: empty in mutating with generateName; on DELETECOLLECTION it is
// only in the old object.
func (w *write) name() string {
	if w.Name != "" {
		return w.Name
	}
	return w.subject().name()
}

// bound is what a passport of this object must be bound to.
func (w *write) bound() passport.Object {
	return passport.Object{
		Group:        w.Kind.Group,
		Kind:         w.Kind.Kind,
		Namespace:    w.Namespace,
		Name:         w.name(),
		GenerateName: w.object.text("metadata", "generateName"),
	}
}

func (w *write) deny(rule, problem, allowed, next string) review.Verdict {
	return review.Deny(w.trace, review.Denial{Rule: rule, Problem: problem, Allowed: allowed, Next: next})
}

func (w *write) later(reason string) *review.Verdict {
	v := review.Later(w.trace, reason)
	return &v
}

func (w *write) allow() review.Verdict {
	return review.Verdict{Outcome: review.Allowed, Trace: w.trace}
}
