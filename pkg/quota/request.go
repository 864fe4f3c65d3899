package quota

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/resource"
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
}

// Request is one write's demand on its domain.
type Request struct {
	// Domain is organization/<name> or tenant/<name>.
	Domain string
	// Tenant whose section counts it.
	Tenant string
	Key    Key
	// UID of the object that is about to be stored.
	UID string
	// Amounts are absolute: what the object holds once it is stored, by dimension.
	Amounts map[string]resource.Quantity
	// Limits bound the tenant, Totals all sections of the domain jointly.
	Limits, Totals map[string]Limit
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
// yet confirmed, both without what the write itself already holds.
type Exceeded struct {
	Dimension string
	// Scope is ScopeTenant or ScopeOrganization.
	Scope                            string
	Used, Reserved, Requested, Limit resource.Quantity
	// Missing says that nobody limits the dimension, which refuses every demand.
	Missing bool
}

// Decision of a reservation. Empty means reserved.
type Decision struct {
	// Exceeded is sorted by dimension, the tenant's limit before the organization's.
	Exceeded []Exceeded
}

// Reserved reports whether the demand was taken.
func (d Decision) Reserved() bool { return len(d.Exceeded) == 0 }
