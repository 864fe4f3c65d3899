// Package forward spreads TCP connections over the webhook replicas, as a Service would
// in a cluster. It imports the standard library only.
package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dialTimeout is short: backends are on loopback and answer or refuse at once.
const dialTimeout = 500 * time.Millisecond

// Forwarder hands each connection to the next backend in turn that takes it. A
// connection stays with its backend until one side ends it.
type Forwarder struct {
	backends []string
	next     atomic.Uint64
}

// New makes a forwarder over host:port backends.
func New(backends []string) (*Forwarder, error) {
	if len(backends) == 0 {
		return nil, errors.New("forwarder: no backends")
	}
	return &Forwarder{backends: backends}, nil
}

// Serve accepts connections until ctx ends; then it closes the listener and all
// connections.
func (f *Forwarder) Serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() }) // Accept ends by it either way
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		connection, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("forwarder: accept: %w", err)
		}
		open.Go(func() { f.carry(ctx, connection) })
	}
}

func (f *Forwarder) carry(ctx context.Context, client net.Conn) {
	defer hangUp(client)
	backend := f.dial(ctx)
	if backend == nil {
		return // every backend is dead: the caller sees its connection end
	}
	defer hangUp(backend)
	stop := context.AfterFunc(ctx, func() { hangUp(client, backend) })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { pour(backend, client) })
	both.Go(func() { pour(client, backend) })
	both.Wait()
}

// dial tries each backend once, beginning with the one whose turn it is.
func (f *Forwarder) dial(ctx context.Context) net.Conn {
	turn := f.next.Add(1) - 1
	dialer := net.Dialer{Timeout: dialTimeout}
	for i := range uint64(len(f.backends)) {
		address := f.backends[(turn+i)%uint64(len(f.backends))]
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return connection
		}
	}
	return nil
}

// pour copies one direction and passes its end on, so that an answer still under way in
// the other direction arrives.
func pour(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		hangUp(to, from)
		return
	}
	if half, can := to.(interface{ CloseWrite() error }); can {
		_ = half.CloseWrite()
	}
}

// hangUp ends connections. One that is closed already, or that its peer has reset, has
// nobody left to be told.
func hangUp(connections ...net.Conn) {
	for _, connection := range connections {
		_ = connection.Close()
	}
}
