package serving

import (
	"context"
	"net"
	"sync/atomic"
	"time"
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
