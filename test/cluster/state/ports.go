package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"syscall"
	"time"
)

// Ports below the range that kernels hand out to outgoing connections: a port that is
// free now is not taken by somebody's client before our server binds it.
const (
	firstPort = 20000
	lastPort  = 31999
)

// Ports hands out loopback ports and holds each of them until it is needed.
type Ports struct {
	held   map[string]net.Listener
	forced map[string]int
}

// NewPorts hands out free ports, except for the names in forced.
func NewPorts(forced map[string]int) *Ports {
	return &Ports{held: map[string]net.Listener{}, forced: forced}
}

// Reserve returns the address 127.0.0.1:port for a name and keeps others off it until
// Release.
func (p *Ports) Reserve(ctx context.Context, name string) (string, error) {
	if port, found := p.forced[name]; found {
		return p.hold(ctx, name, port)
	}
	for range 100 {
		above, err := rand.Int(rand.Reader, big.NewInt(lastPort-firstPort+1))
		if err != nil {
			return "", fmt.Errorf("choose a port for %s: %w", name, err)
		}
		address, err := p.hold(ctx, name, firstPort+int(above.Int64()))
		if err == nil {
			return address, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return "", err
		}
	}
	return "", fmt.Errorf("no free port for %s between %d and %d", name, firstPort, lastPort)
}

func (p *Ports) hold(ctx context.Context, name string, port int) (string, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("port %d, wanted for %s, is in use: %w", port, name, syscall.EADDRINUSE)
	}
	if err != nil {
		return "", fmt.Errorf("port %d, wanted for %s: %w", port, name, err)
	}
	p.held[name] = listener
	return address, nil
}

// Release frees every port held, for the processes that are about to bind them.
func (p *Ports) Release(names ...string) {
	for _, name := range names {
		if listener, found := p.held[name]; found {
			_ = listener.Close() // whoever binds it next will say if it is not free
			awaitFree(listener.Addr().String())
			delete(p.held, name)
		}
	}
}

// awaitFree waits until a port that was closed can be bound: a process that is being started
// in this moment has a copy of every descriptor until it becomes another program.
func awaitFree(address string) {
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if listener, err := net.Listen("tcp", address); err == nil { //nolint:noctx // It is closed at once.
			_ = listener.Close()
			return
		}
	}
}

// ReleaseAll frees whatever is still held.
func (p *Ports) ReleaseAll() {
	for name := range p.held {
		p.Release(name)
	}
}
