package gate

import (
	"runtime/debug"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
)

// Asked is what the policies were asked in one decision, and what came of it.
type Asked struct {
	Request review.Request
	// Input and Data, which may be nil, are what they saw. They never change any more.
	Input ast.Value
	Data  engine.Snapshot
	// Result is what they said, without what the tenant is exempt from; Verdict is the
	// whole decision.
	Result  engine.Result
	Verdict review.Verdict
	Time    time.Time
}

// tell passes a decision in which the policies were asked to whoever watches. It is
// outside what recovers for Handle.
func (w *write) tell(hook func(Asked), panicked func(value any, stack []byte), v review.Verdict) {
	if hook == nil || w.asked == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil && panicked != nil {
			panicked(p, debug.Stack())
		}
	}()
	a := *w.asked
	a.Request, a.Verdict, a.Time = w.Request, v, w.now
	hook(a)
}
