package serving

import (
	"context"
	"net"
	"sync/atomic"
)

// requestsPerConnection is after how many requests a client is asked to come on a new
// connection. The API server takes the idle connection it used last, so without an end
// one replica would decide nearly everything. At this number the handshakes cost about
// a hundredth of the requests that they spread.
const requestsPerConnection = 64

// requestsKey finds the counter of a request's connection.
type requestsKey struct{}

// countRequests is the hook for http.Server.ConnContext.
func countRequests(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, requestsKey{}, new(atomic.Uint64))
}

// worn reports whether this request is the last that its connection should carry.
func worn(ctx context.Context) bool {
	n, ok := ctx.Value(requestsKey{}).(*atomic.Uint64)
	return ok && n.Add(1) >= requestsPerConnection
}
