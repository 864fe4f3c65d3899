package serving

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
)

// Health answers /healthz and /readyz out of named checks. The zero value has none and
// is healthy and ready.
type Health struct {
	mu       sync.Mutex
	live     []namedCheck
	ready    []namedCheck
	draining atomic.Bool
}

type namedCheck struct {
	name  string
	check func() error
}

// errDraining is what readiness says after SIGTERM.
var errDraining = errors.New("shutting down")

// AddLive adds a check of /healthz: its failure asks for a restart. Checks must answer
// at once; one that panics has failed.
func (h *Health) AddLive(name string, check func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live = append(h.live, namedCheck{name, check})
}

// AddReady adds a check of /readyz: its failure keeps new work away.
func (h *Health) AddReady(name string, check func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = append(h.ready, namedCheck{name, check})
}

// Drain makes /readyz fail from now on.
func (h *Health) Drain() { h.draining.Store(true) }

// Live gives the failing checks of /healthz by name, with the reason.
func (h *Health) Live() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return failing(h.live)
}

// Ready gives the failing checks of /readyz by name, with the reason.
func (h *Health) Ready() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	failed := failing(h.ready)
	if h.draining.Load() {
		failed["draining"] = errDraining.Error()
	}
	return failed
}

func failing(checks []namedCheck) map[string]string {
	failed := map[string]string{}
	for _, c := range checks {
		if err := c.run(); err != nil {
			failed[c.name] = err.Error()
		}
	}
	return failed
}

func (c namedCheck) run() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the check panicked: %T", p)
		}
	}()
	return c.check()
}

// probe answers 200 while nothing fails, else 503; the body lists what fails:
//
//	{"ok":false,"failing":{"facts":"no snapshot yet"}}
func probe(failures func() map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		failed := failures()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if len(failed) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(struct {
			OK      bool              `json:"ok"`
			Failing map[string]string `json:"failing"`
		}{len(failed) == 0, failed})
	}
}
