package webhooks

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/turn"
	"gatehouse.dev/gatehouse/pkg/worker"
)

// Decider decides one write. It must be safe for concurrent use and should give up when
// ctx ends; the handler answers by then whether it did or not.
type Decider interface {
	Handle(ctx context.Context, r review.Request) review.Verdict
}

// Options are what a Handler needs. The zero value of every bound means its default.
type Options struct {
	Decider Decider
	// Log takes one record a verdict; nil keeps none.
	Log audit.Sink
	// Metrics counts; required.
	Metrics *audit.Metrics
	// Logger is the process log; it hears of panics and of answers that could not be
	// written.
	Logger logr.Logger
	// MaxBodyBytes is the largest body, in bytes. Default 7 MiB.
	MaxBodyBytes int64
	// BytesInFlight bounds all bodies held at once, in bytes. Default 32 MiB.
	BytesInFlight int64
	// Timeout is the longest time that the API server waits for us: the value of
	// timeoutSeconds. A shorter ?timeout= of a call wins. Default 5 s.
	Timeout time.Duration
}

// Handler serves the paths of Routes. Create it with New.
type Handler struct {
	Options
	routes   map[string]Route
	budget   *budget
	turns    turns
	deciders *worker.Pool
	draining atomic.Bool
}

// New makes the handler.
func New(o Options) (*Handler, error) {
	if o.Decider == nil || o.Metrics == nil {
		return nil, errors.New("webhooks: a decider and metrics are required")
	}
	if o.Log == nil {
		o.Log = audit.Discard{}
	}
	if o.MaxBodyBytes <= 0 {
		o.MaxBodyBytes = 7 << 20
	}
	if o.BytesInFlight <= 0 {
		o.BytesInFlight = 32 << 20
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	// The largest body must fit, with the byte that tells it from a larger one.
	total := max(o.BytesInFlight, o.MaxBodyBytes+1)
	h := &Handler{Options: o, routes: map[string]Route{}, deciders: worker.New(16), budget: newBudget(total, o.Metrics.AddBytes)}
	var err error
	if h.turns, err = newTurns(o.Timeout); err != nil {
		return nil, err
	}
	for _, route := range Routes() {
		h.routes[route.Path] = route
	}
	return h, nil
}

// Drain makes every further request answer 503 with Retry-After: 1. What is being
// decided goes on.
func (h *Handler) Drain() { h.draining.Store(true) }

// ServeHTTP answers one review.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	defer func() {
		// The last net, under what is not the decider's: without an answer of ours the
		// API server's failurePolicy refuses.
		if problem := recover(); problem != nil {
			h.panicked(problem, "path", r.URL.Path)
			plain(w, http.StatusInternalServerError, "internal error")
		}
	}()
	route, known := h.routes[r.URL.Path]
	switch {
	case !known:
		h.reject(w, rejection{http.StatusNotFound, "path", "no webhook at this path"})
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		h.reject(w, rejection{http.StatusMethodNotAllowed, "method", "only POST is served"})
		return
	case h.draining.Load():
		h.reject(w, rejection{http.StatusServiceUnavailable, "draining", "this replica is shutting down"})
		return
	}
	h.review(w, r, route, arrived)
}

// review reads, decides and answers one review.
func (h *Handler) review(w http.ResponseWriter, r *http.Request, route Route, arrived time.Time) {
	limit := budgetOf(timeoutOf(r.URL), h.Timeout)
	held := h.budget.open()
	decided := false
	defer func() {
		// From decide on the bytes belong to the decider, which may outlive its
		// deadline.
		if !decided {
			held.release()
		}
	}()
	// A sender that trickles its body must not hold a connection and its bytes for
	// longer than anybody waits for the answer.
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(arrived.Add(limit))
	body, bad := readBody(w, r, held, h.MaxBodyBytes)
	if bad != nil {
		h.reject(w, *bad)
		return
	}
	_ = deadline.SetReadDeadline(time.Time{})
	its, bad := h.turns.enter(r.Context(), body)
	if bad != nil {
		h.reject(w, *bad)
		return
	}
	defer its.End()
	request, bad := decode(body, route)
	if bad != nil {
		h.reject(w, *bad)
		return
	}
	decided = true
	h.answer(w, request, h.decide(turn.In(r.Context(), its), request, arrived, limit, held), arrived)
}

// answer writes the verdict and tells log and metrics about it.
func (h *Handler) answer(w http.ResponseWriter, r review.Request, v review.Verdict, arrived time.Time) {
	v, body := encode(r, v, h.MaxBodyBytes)
	record := audit.NewRecord(r, v, arrived, time.Since(arrived))
	h.Metrics.Observe(record)
	h.Log.Record(record)
	if v.Outcome == review.Retry {
		plain(w, http.StatusServiceUnavailable, v.Reason)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(body); err != nil {
		h.Logger.V(1).Info("answer not written", "uid", r.UID, "error", err.Error())
	}
}

// rejection is the answer to what is no proper review.
type rejection struct {
	code int
	// reason is a label of the metrics, text one line for the sender.
	reason, text string
}

func (h *Handler) reject(w http.ResponseWriter, bad rejection) {
	h.Metrics.Rejected(bad.reason)
	h.Logger.V(1).Info("request rejected", "reason", bad.reason, "text", bad.text)
	plain(w, bad.code, bad.text)
}

// plain writes one line of text. A 503 asks for the same call a second later, which is
// what the API server then does within its own timeout.
func plain(w http.ResponseWriter, code int, text string) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	switch code {
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	case http.StatusRequestEntityTooLarge:
		// The rest of the body is still on its way; nobody wants to read it.
		header.Set("Connection", "close")
	}
	w.WriteHeader(code)
	_, _ = w.Write([]byte(audit.Clean(text, 512) + "\n"))
}
