package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
)

// Bounds of the end.
const (
	// lastCall is how long further calls are still answered "come again" before the
	// listener closes, which nobody retries.
	lastCall = time.Second
	// shutdownTimeout bounds the wait for what is being answered, and for tasks.
	shutdownTimeout = 10 * time.Second
)

// Task runs beside the servers until its context ends: a cache, a certificate source. A
// task that returns early, with or without an error, ends the process.
type Task struct {
	Name string
	Run  func(ctx context.Context) error
}

// Group is a process of ours: a TLS server, a plain server for operations, and tasks.
type Group struct {
	Logger logr.Logger
	Health *Health
	// Gatherer gives the metrics.
	Gatherer prometheus.Gatherer

	// Listener takes TLS connections for Handler, with the leaf of Certificate.
	Listener    net.Listener
	Handler     http.Handler
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Operations takes plain connections for /metrics, /healthz and /readyz; may be nil.
	Operations net.Listener

	Tasks []Task

	// DrainPeriod is how long the server still answers after ctx ends, asking clients
	// to use another connection.
	DrainPeriod time.Duration
	// Drain, if any, then makes Handler answer that callers should come again.
	Drain func()
}

// Run serves until ctx ends, then drains: readiness fails at once, what comes is still
// answered for DrainPeriod, what is under way is finished. Tasks go on until then. It
// returns nil after a drain, or the failure of a task or a server.
func (g *Group) Run(ctx context.Context) error {
	tasksCtx, stopTasks := context.WithCancel(context.WithoutCancel(ctx))
	defer stopTasks()
	failed := make(chan error, len(g.Tasks)+2)

	var tasks sync.WaitGroup
	for _, task := range g.Tasks {
		tasks.Go(func() {
			err := task.Run(tasksCtx)
			if tasksCtx.Err() == nil {
				if err == nil {
					err = errors.New("stopped by itself")
				}
				failed <- fmt.Errorf("%s: %w", task.Name, err)
			}
		})
	}

	handler := &closing{Handler: g.Handler, renewals: newRenewals()}
	open := &connections{busy: map[net.Conn]bool{}}
	server := newTLSServer(handler, g.Certificate, g.Logger.WithName("https"))
	server.ConnState = open.track
	go func() { failed <- fmt.Errorf("https server: %w", server.ServeTLS(g.Listener, "", "")) }()
	servers := []*http.Server{server}
	if g.Operations != nil {
		plain := newServer(operations(g.Health, g.Gatherer), g.Logger.WithName("operations"))
		go func() { failed <- fmt.Errorf("operations server: %w", plain.Serve(g.Operations)) }()
		servers = append(servers, plain)
		g.Logger.Info("serving operations", "address", g.Operations.Addr().String())
	}
	g.Logger.Info("serving", "address", g.Listener.Addr().String())

	var cause error
	select {
	case <-ctx.Done():
		g.Logger.Info("draining", "period", g.DrainPeriod.String())
	case cause = <-failed:
		g.Logger.Error(cause, "ending")
	}
	g.end(handler, open, servers)
	stopTasks()
	g.wait(&tasks)
	return cause
}

// end lets go of callers without losing one.
func (g *Group) end(handler *closing, open *connections, servers []*http.Server) {
	g.Health.Drain()
	handler.on.Store(true)
	time.Sleep(g.DrainPeriod)
	if g.Drain != nil {
		g.Drain()
		time.Sleep(min(lastCall, g.DrainPeriod))
	}
	// Shutdown drops a request that it finds just arrived on a connection. So the door
	// closes first, and those who came in before are waited for.
	_ = g.Listener.Close()
	open.wait(shutdownTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout) //nolint:forbidigo // The caller's context has ended: that is why we are here.
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			g.Logger.Error(err, "a connection did not end in time")
			_ = server.Close()
		}
	}
}

// wait gives the tasks their time to end.
func (g *Group) wait(tasks *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		tasks.Wait()
		close(done)
	}()
	select {
	case <-done:
		g.Logger.Info("ended")
	case <-time.After(shutdownTimeout):
		g.Logger.Info("ended, leaving a task behind")
	}
}
