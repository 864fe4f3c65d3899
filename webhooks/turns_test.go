package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/turn"
)

// occupied is a rig with one place, which a review keeps until free is called.
func occupied(t *testing.T, first func(context.Context)) (r *rig, free func()) {
	t.Helper()
	inside, ended, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	r = newRig(t, decider(func(ctx context.Context, q review.Request) review.Verdict {
		if q.UID == "first" {
			first(ctx)
			close(inside)
			<-ended
		}
		return review.Verdict{Outcome: review.Allowed}
	}))
	one := func() *turn.Queue {
		return turn.New(turn.Options{Places: func() int { return 1 }, Waiting: 1, Patience: 50 * time.Millisecond, Long: time.Hour})
	}
	r.turns = turns{small: one(), large: one()}
	go func() {
		defer close(done)
		r.post("/validate/tenant", creation("first", "")).Body.Close()
	}()
	<-inside
	return r, func() { close(ended); <-done }
}

// creation is a review with a uid and so much in its object.
func creation(uid, much string) string {
	return fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":%q,"kind":{"group":"","version":"v1","kind":"ConfigMap"},`+
		`"resource":{"group":"","version":"v1","resource":"configmaps"},"name":"a","namespace":"claude-runner-user-a","operation":"CREATE","userInfo":{"username":"u"},"object":{"a":%q}}}`, uid, much)
}

func TestWhoFindsNoPlaceComesAgain(t *testing.T) {
	r, free := occupied(t, func(context.Context) {})
	held := r.value(t, "gatehouse_admission_bytes_in_flight")
	answer := r.post("/validate/tenant", creation("second", ""))
	if said := text(t, answer); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "1" || !strings.Contains(said, "turn did not come") {
		t.Errorf("got %d, Retry-After %q: %s", answer.StatusCode, answer.Header.Get("Retry-After"), said)
	}
	if got := r.value(t, "gatehouse_admission_rejected_total", "reason=overload"); got != 1 {
		t.Errorf("%v counted, want 1", got)
	}
	if got := r.value(t, "gatehouse_admission_bytes_in_flight"); got != held {
		t.Errorf("%v bytes are held, want the first one's %v", got, held)
	}
	free()
	if answer := r.post("/validate/tenant", creation("third", "")); answer.StatusCode != http.StatusOK {
		t.Errorf("got %d after the place was free: %s", answer.StatusCode, text(t, answer))
	}
	if got := len(r.log.all()); got != 2 {
		t.Errorf("%d decisions are logged, want those of the first and the third", got)
	}
}

func TestWhoWaitsForOthersKeepsNobodyWaiting(t *testing.T) {
	r, free := occupied(t, turn.End)
	defer free()
	if answer := r.post("/validate/tenant", creation("second", "")); answer.StatusCode != http.StatusOK {
		t.Errorf("got %d: %s", answer.StatusCode, text(t, answer))
	}
}

func TestLargeReviewsWaitForEachOther(t *testing.T) {
	r, free := occupied(t, func(context.Context) {})
	much := strings.Repeat("x", largeBody)
	if answer := r.post("/validate/tenant", creation("large", much)); answer.StatusCode != http.StatusOK {
		t.Errorf("a large one beside a small one got %d: %s", answer.StatusCode, text(t, answer))
	}
	free()
	place, err := r.turns.large.Enter(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer place.End()
	if answer := r.post("/validate/tenant", creation("small", "")); answer.StatusCode != http.StatusOK {
		t.Errorf("a small one beside a large one got %d: %s", answer.StatusCode, text(t, answer))
	}
	if answer := r.post("/validate/tenant", creation("another", much)); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("two large ones at once: got %d: %s", answer.StatusCode, text(t, answer))
	}
}

// TestAPlaceIsGivenBackHoweverItEnds: what cannot be decoded and what panics.
func TestAPlaceIsGivenBackHoweverItEnds(t *testing.T) {
	r := newRig(t, panics)
	r.turns.small = turn.New(turn.Options{Places: func() int { return 1 }, Waiting: 1, Patience: time.Millisecond, Long: time.Hour})
	for _, body := range []string{`{`, creation("one", ""), `[]`, creation("two", "")} {
		answer := r.post("/validate/tenant", body)
		if said := text(t, answer); answer.StatusCode == http.StatusServiceUnavailable {
			t.Errorf("%.20s: no place: %s", body, said)
		}
	}
}

// TestOnePlaceAProcessor: also once the process was given fewer.
func TestOnePlaceAProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	its, err := newTurns(time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer its.small.Close()
	for _, n := range []int{3, 1} {
		runtime.GOMAXPROCS(n)
		if got := its.small.Places(); got != n {
			t.Errorf("%d places for %d processors", got, n)
		}
	}
}

func TestWhose(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"a review":               {creation("u", ""), "claude-runner-user-a"},
		"no namespace":           {`{"request":{"name":"x","object":{}}}`, ""},
		"an end that is missing": {`{"request":{"namespace":"abc`, ""},
		"escaped in a text":      {`{"a":"\"namespace\":\"b\"","namespace":"c"}`, "c"},
		"too long":               {`{"namespace":"` + strings.Repeat("n", 64) + `"}`, ""},
		"too late":               {`{"a":"` + strings.Repeat("n", hintBytes) + `","namespace":"c"}`, ""},
		"nothing":                {"", ""},
	} {
		if got := whose([]byte(tt.body)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
