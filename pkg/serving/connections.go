package serving

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// connections knows which connections are new or in the middle of a request.
type connections struct {
	mu   sync.Mutex
	busy map[net.Conn]bool
}

// track is the hook for http.Server.ConnState.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew, http.StateActive:
		c.busy[conn] = true
	default:
		delete(c.busy, conn)
	}
}

// wait returns when none is busy, or after limit.
func (c *connections) wait(limit time.Duration) {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		c.mu.Lock()
		left := len(c.busy)
		c.mu.Unlock()
		if left == 0 {
			return
		}
	}
}
