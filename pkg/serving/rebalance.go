package serving

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// A client is asked to come on a new connection once its own has both this age and carried
// this many requests. The API server takes the idle connection it used last, so without
// an end one replica would decide nearly everything, and one that was started again
// nothing. The age bounds how long that lasts under load, where a count alone would take
// half a minute over 40 connections; the count keeps handshakes rare where there is none.
const (
	connectionAge      = time.Second
	connectionRequests = 8
)

// renewals is how many connections may be asked so, a second and replica. A handshake costs
// more than a decision: of hundreds of connections, which come under load, each would
// otherwise be made anew every second or two.
const renewals = 40

func newRenewals() *rate.Limiter { return rate.NewLimiter(renewals, renewals) }

// connectionKey finds the use of a request's connection.
type connectionKey struct{}

type connectionUse struct {
	since    time.Time
	requests atomic.Uint64
}

// countRequests is the hook for http.Server.ConnContext.
func countRequests(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connectionUse{since: time.Now()})
}

// worn reports whether this request is the last that its connection should carry.
func worn(ctx context.Context, now time.Time) bool {
	use, ok := ctx.Value(connectionKey{}).(*connectionUse)
	return ok && use.requests.Add(1) >= connectionRequests && now.Sub(use.since) >= connectionAge
}
