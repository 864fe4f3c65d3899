package facts

import (
	"context"
	"errors"
	"time"
)

// ErrUnknown is returned for a namespace that the API server does not know, or knows as
// no tenant's.
var ErrUnknown = errors.New("no tenant namespace of this name")

// Source is where a decision gets its facts.
type Source interface {
	// Snapshot is the newest one; it never blocks and is never nil once facts synced.
	Snapshot() *Snapshot
	// Age is how long ago the facts were known to be current.
	Age(now time.Time) time.Duration
	// Live reads one namespace past the cache; ErrUnknown when it is no tenant's.
	Live(ctx context.Context, namespace string) (*Home, error)
}
