package quota

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// ErrConflict says that other writers won every try at the ledger. The demand may well
// fit: the caller asks for the same again (HTTP 503 with Retry-After).
var ErrConflict = errors.New("quota ledger: too many concurrent writers")

// ErrFull says that the ledger holds as many unconfirmed entries as it may. They leave
// within one expiry.
var ErrFull = errors.New("quota ledger: too many unconfirmed entries")

// Ledger reserves what a write demands. An error means that nothing is known about the
// demand; it is never an answer.
type Ledger interface {
	Reserve(ctx context.Context, r Request) (Decision, error)
}

// Key names what holds an amount. At one time a key holds at most one object, whatever
// its UID, so amounts under one key never add up.
type Key struct {
	// GroupResource as in researchsessions.research.example.com.
	GroupResource string
	Namespace     string
	Name          string
}

// Limit bounds one dimension, in that dimension's unit. The zero Limit allows nothing.
type Limit struct {
	Amount    resource.Quantity
	Unlimited bool
	// Window is none or empty for what is held at one time.
	Window v1alpha1.Window
	// Start is the first moment of the present window.
	Start time.Time
}

// windowed reports whether the limit counts what was used within a window.
func (l Limit) windowed() bool {
	return l.Window != "" && l.Window != v1alpha1.WindowNone
}

// Request is one write's demand on its domain.
type Request struct {
	// Domain is organization/<name> or tenant/<name>.
	Domain string
	// Tenant whose section counts it, Owner the user whose windows are charged.
	Tenant, Owner string
	Key           Key
	// UID of the object that is about to be stored.
	UID string
	// Amounts are absolute: what the object holds once it is stored, by dimension.
	Amounts map[string]resource.Quantity
	// Held is what the stored object of this key holds, by dimension; nil where it is not
	// known or there is none.
	Held map[string]resource.Quantity
	// Version is the resourceVersion that an update starts from, "" for a create.
	Version string
	// Taken says that a create was seen to find its name taken. It is most likely to fail,
	// so windows are not kept waiting for it.
	Taken bool
	// Fresh says that the API server made the name up, so that nothing holds it.
	Fresh bool
	// Limits bound the tenant, Totals all sections of the domain jointly.
	Limits, Totals map[string]Limit
	// Lenient names dimensions that are counted and refuse nothing: those that only
	// policies demand which are not enforced.
	Lenient map[string]bool
	// Charge counts and never refuses: the platform's own writes.
	Charge bool
	// DryRun judges the demand and writes nothing.
	DryRun bool
}

// The two scopes of a limit.
const (
	ScopeTenant       = "tenant"
	ScopeOrganization = "organization"
)

// Exceeded is one limit that does not hold the demand. Used is settled, Reserved is not
// yet confirmed. Requested is what a create asks for, and what an update asks for beyond
// what its object holds already.
type Exceeded struct {
	Dimension string
	// Scope is ScopeTenant or ScopeOrganization.
	Scope                            string
	Used, Reserved, Requested, Limit resource.Quantity
	// Window of the limit, none for what is held at one time.
	Window v1alpha1.Window
	// Missing says that nobody limits the dimension, which refuses every demand.
	Missing bool
}

// Near is a limit that is nearly used up now that the demand is entered.
type Near struct {
	Dimension, Scope string
	// Used is with what is reserved.
	Used, Limit resource.Quantity
}

// Decision of a reservation. Empty means reserved.
type Decision struct {
	// Exceeded is sorted by dimension, the tenant's limit before the organization's.
	Exceeded []Exceeded
	// Passed are limits that do not hold the demand and do not refuse it either.
	Passed []Exceeded
	// Near is sorted alike.
	Near []Near
	// Busy says that too many creates of this very name are on their way to tell which of
	// them will count.
	Busy bool
}

// Reserved reports whether the demand was taken.
func (d Decision) Reserved() bool { return len(d.Exceeded) == 0 && !d.Busy }
