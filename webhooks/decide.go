package webhooks

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/review"
)

// decide asks the decider and answers within limit of the arrival, whatever the decider
// does. The context is cut off from the connection: a server that shuts down, or a
// sender that hangs up, must not turn a decision under way into a denial.
func (h *Handler) decide(parent context.Context, r review.Request, arrived time.Time, limit time.Duration, held *holding) review.Verdict {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(parent), arrived.Add(limit))
	verdict := make(chan review.Verdict, 1)
	h.Metrics.AddRequests(1)
	h.deciders.Go(func() {
		defer func() {
			cancel()
			held.release()
			h.Metrics.AddRequests(-1)
		}()
		verdict <- h.guarded(ctx, r)
	})
	select {
	case v := <-verdict:
		return v
	case <-ctx.Done():
	}
	// Both may be ready: cancel comes after the verdict.
	select {
	case v := <-verdict:
		return v
	default:
		return review.Fail(review.Trace{}, fmt.Sprintf("no decision within %s", limit))
	}
}

// guarded turns a panic of the decider into a failure of ours.
func (h *Handler) guarded(ctx context.Context, r review.Request) (v review.Verdict) {
	defer func() {
		if problem := recover(); problem != nil {
			h.panicked(problem, "uid", r.UID, "operation", string(r.Operation),
				"resource", r.Resource.GroupResource(), "subresource", r.SubResource,
				"namespace", r.Namespace, "name", r.Name)
			v = review.Fail(review.Trace{}, "panic while deciding")
		}
	}()
	return h.Decider.Handle(ctx, r)
}

// panicked counts and logs a recovered panic. What was panicked with may hold an
// object's contents, so the log gets its type, the runtime's own words and the stack.
func (h *Handler) panicked(problem any, about ...any) {
	h.Metrics.Panicked()
	h.Logger.Error(nil, "panic in a review", append(about, "panic", audit.Panic(problem), "stack", string(debug.Stack()))...)
}
