package serving

import (
	"crypto/tls"
	"fmt"
	"log" //nolint:depguard // http.Server.ErrorLog takes nothing else; every line goes on to zap.
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/time/rate"
)

// Listen opens a TCP listener; purpose names it in the error.
func Listen(purpose, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address) //nolint:noctx // Opening a local listener does not wait.
	if err != nil {
		return nil, fmt.Errorf("%s: %w", purpose, err)
	}
	return listener, nil
}

// newTLSServer makes the server that the API server calls. HTTP/1.1 only: with HTTP/2
// one connection would pin all calls to one replica. The idle time is longer than the
// API server's (90 s), so that it is the one to close and no call meets a closing
// connection.
func newTLSServer(handler http.Handler, certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error), logger logr.Logger) *http.Server {
	s := newServer(handler, logger)
	s.TLSConfig = &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: certificate,
	}
	s.IdleTimeout = 3 * time.Minute
	s.ConnContext = countRequests
	return s
}

// newServer makes a plain server with time limits.
func newServer(handler http.Handler, logger logr.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      45 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(errorLog{logger}, "", 0),
	}
}

// errorLog takes net/http's own lines. Failed handshakes are what port probes and
// clients that do not trust us leave behind: of interest when looking for them only.
type errorLog struct{ logger logr.Logger }

func (l errorLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if strings.HasPrefix(text, "http: TLS handshake error") {
		l.logger.V(1).Info(text)
	} else {
		l.logger.Info(text)
	}
	return len(line), nil
}

// closing asks clients to come on a new connection once it is set, or once theirs is
// worn, so that they find another replica. Idle connections are left alone: to close one
// just as a call comes in on it would lose the call.
type closing struct {
	http.Handler
	on       atomic.Bool
	renewals *rate.Limiter
}

func (c *closing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.on.Load() || worn(r.Context(), time.Now()) && c.renewals.Allow() {
		w.Header().Set("Connection", "close")
	}
	c.Handler.ServeHTTP(w, r)
}

// operations serves /metrics, /healthz and /readyz.
func operations(health *Health, gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.Handle("GET /healthz", probe(health.Live))
	mux.Handle("GET /readyz", probe(health.Ready))
	return mux
}
