package webhooks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"gatehouse.dev/gatehouse/pkg/turn"
)

// largeBody is what a body weighs, in bytes, that is judged apart from the others: it takes many
// times as long, and as much memory for each of its bytes, as a small one.
const largeBody = 256 << 10

// hintBytes is where a review names its namespace, before its objects.
const hintBytes = 4 << 10

// turns has those who were read wait until it is their turn to be judged.
type turns struct{ small, large *turn.Queue }

// newTurns lets one small review a processor be judged at once, and one large one beside them. The
// API server asks again after a 503, within its own timeout, and may meet another replica: so
// nobody waits here for most of that.
func newTurns(timeout time.Duration) (turns, error) {
	t := turns{
		small: turn.New(turn.Options{
			Places: processors, Waiting: 2048, Patience: timeout / 10, Long: 25 * time.Millisecond,
		}),
		large: turn.New(turn.Options{Places: func() int { return 1 }, Waiting: 64, Patience: timeout / 2, Long: timeout / 5}),
	}
	if err := t.small.Listen(); err != nil {
		return turns{}, fmt.Errorf("webhooks: %w", err)
	}
	return t, nil
}

// processors are counted each time: Go follows the limit that a container is given while it runs, and
// two places a processor let one tenant's few connections keep everybody else's waiting.
func processors() int { return runtime.GOMAXPROCS(0) }

// enter waits for a body's turn.
func (t turns) enter(ctx context.Context, body []byte) (*turn.Turn, *rejection) {
	queue := t.small
	if len(body) > largeBody {
		queue = t.large
	}
	its, err := queue.Enter(ctx, whose(body))
	if err != nil {
		return nil, &rejection{http.StatusServiceUnavailable, "overload", "more reviews at once than can be judged: " + err.Error() + "; try again"}
	}
	return its, nil
}

// whose says on behalf of whom a review waits: its namespace, which the API server writes before
// the objects. It is a hint for taking turns and nothing else; "" where there is none.
func whose(body []byte) string {
	const key = `"namespace":"`
	head := body[:min(len(body), hintBytes)]
	_, after, found := bytes.Cut(head, []byte(key))
	if !found {
		return ""
	}
	namespace, _, found := bytes.Cut(after, []byte{'"'})
	if !found || len(namespace) > 63 {
		return ""
	}
	return string(namespace)
}
