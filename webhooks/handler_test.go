package webhooks

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/review"
)

func TestRequestArrives(t *testing.T) {
	var got review.Request
	r := newRig(t, decider(func(_ context.Context, q review.Request) review.Verdict {
		got = q
		return review.Verdict{Outcome: review.Allowed}
	}))
	body := with(t, `"groups":["gatehouse:users"]`, `"uid":"9","groups":["gatehouse:users"],"extra":{"a/b":["c","d"]}`)
	body = strings.Replace(body, `"dryRun":false`, `"dryRun":true,"subResource":"status","newField":{"of":"later"}`, 1)
	answer(t, r.post("/mutate/guests?timeout=5s", body))
	raw := body[strings.Index(body, `{"uid"`) : len(body)-1]
	want := review.Request{
		Phase: review.Mutating, Entry: review.EntryGuests, UID: "705ab4f5",
		Kind:        review.Kind{Version: "v1", Kind: "ConfigMap"},
		Resource:    review.Resource{Version: "v1", Resource: "configmaps"},
		SubResource: "status",
		Name:        "notes", Namespace: "claude-runner-user-alice", Operation: review.Create,
		Subject: review.Subject{Username: "local:alice", UID: "9", Groups: []string{"gatehouse:users"}, Extra: map[string][]string{"a/b": {"c", "d"}}},
		Object:  []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"notes"}}`),
		DryRun:  true,
		Raw:     []byte(raw),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestEveryRouteDecides(t *testing.T) {
	for _, route := range Routes() {
		r := newRig(t, decider(func(_ context.Context, q review.Request) review.Verdict {
			if q.Phase != route.Phase || q.Entry != route.Entry {
				t.Errorf("%s: asked as %s %s", route.Path, q.Phase, q.Entry)
			}
			if q.DryRun {
				t.Errorf("%s: taken for a dry run", route.Path)
			}
			return review.Verdict{Outcome: review.Allowed}
		}))
		if got := answer(t, r.post(route.Path, valid)); !got.Allowed {
			t.Errorf("%s: not allowed", route.Path)
		}
		if got := r.value(t, "gatehouse_admission_decisions_total", "phase="+string(route.Phase), "entry="+string(route.Entry), "outcome=allowed"); got != 1 {
			t.Errorf("%s: counted %v times", route.Path, got)
		}
		if got := len(r.log.all()); got != 1 {
			t.Errorf("%s: %d records", route.Path, got)
		}
	}
}

func TestPanic(t *testing.T) {
	tests := map[string]struct {
		decider decider
		logged  string
	}{
		"a value": {panics, "string"},
		"runtime error": {func(context.Context, review.Request) review.Verdict {
			var m map[string]int
			m["secret-in-a-panic"] = 1 //nolint:govet,staticcheck // The panic is the point.
			return review.Verdict{}
		}, "nil map"},
		"nil error": {func(context.Context, review.Request) review.Verdict { panic(error(nil)) }, "nil"}, //nolint:govet // The panic is the point.
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			r := newRig(t, test.decider, func(o *Options) {
				o.Logger = funcr.New(func(_, args string) { log.WriteString(args) }, funcr.Options{})
			})
			got := answer(t, r.post("/validate/tenant", valid))
			if got.Allowed || got.Result.Code != 500 || got.Result.Reason != "InternalError" || got.UID != "705ab4f5" {
				t.Errorf("answer %+v", got)
			}
			if n := r.value(t, "gatehouse_admission_panics_total"); n != 1 {
				t.Errorf("%v panics counted", n)
			}
			if n := r.value(t, "gatehouse_admission_decisions_total", "outcome=error"); n != 1 {
				t.Errorf("%v errors counted", n)
			}
			if !strings.Contains(log.String(), test.logged) || !strings.Contains(log.String(), "stack") {
				t.Errorf("log %q does not say %q", log.String(), test.logged)
			}
			if strings.Contains(log.String()+got.Result.Message, "secret-in-a-panic") {
				t.Error("the panic's value was told")
			}
		})
	}
}

func TestRetry(t *testing.T) {
	r := newRig(t, always(review.Later(review.Trace{}, "facts are\n12s old")))
	response := r.post("/validate/tenant", valid)
	if got := text(t, response); response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" || got != "facts are 12s old\n" {
		t.Errorf("%d %q %q", response.StatusCode, response.Header.Get("Retry-After"), got)
	}
	if n := r.value(t, "gatehouse_admission_decisions_total", "outcome=retry"); n != 1 {
		t.Errorf("%v counted", n)
	}
}

func TestDecisionOutlivesItsConnection(t *testing.T) {
	entered, hungUp := make(chan struct{}), make(chan struct{})
	r := newRig(t, decider(func(ctx context.Context, _ review.Request) review.Verdict {
		close(entered)
		<-hungUp
		time.Sleep(10 * time.Millisecond)
		if ctx.Err() != nil {
			return review.Fail(review.Trace{}, "cancelled")
		}
		return review.Verdict{Outcome: review.Allowed}
	}))
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-entered
		cancel()
		close(hungUp)
	}()
	request := httptest.NewRequest(http.MethodPost, "/validate/tenant?timeout=5s", strings.NewReader(valid)).WithContext(ctx)
	request.Header.Set("Content-Type", "application/json")
	if got := answer(t, r.send(request)); !got.Allowed {
		t.Errorf("not allowed: %+v", got.Result)
	}
}

func TestDeadline(t *testing.T) {
	release := make(chan struct{})
	finished := make(chan struct{})
	r := newRig(t, decider(func(context.Context, review.Request) review.Verdict {
		<-release
		close(finished)
		return review.Verdict{Outcome: review.Allowed}
	}))
	start := time.Now()
	got := answer(t, r.post("/validate/tenant?timeout=600ms", valid))
	if took := time.Since(start); took < 250*time.Millisecond || took > 3*time.Second {
		t.Errorf("answered after %s, want about 300ms", took)
	}
	if got.Allowed || got.Result.Code != 500 || !strings.Contains(got.Result.Message, "no decision within 300ms") {
		t.Errorf("answer %+v", got.Result)
	}
	if held := r.value(t, "gatehouse_admission_bytes_in_flight"); held == 0 {
		t.Error("the bytes of a decision that still runs were given back")
	}
	close(release)
	<-finished
	for range 200 {
		if r.value(t, "gatehouse_admission_bytes_in_flight") == 0 && r.value(t, "gatehouse_admission_requests_in_flight") == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("the bytes never came back")
}

func TestBudgetOf(t *testing.T) {
	const longest = 5 * time.Second
	tests := map[string]time.Duration{
		"5s": 4500 * time.Millisecond, "3s": 2500 * time.Millisecond, "1s": 500 * time.Millisecond,
		"600ms": 300 * time.Millisecond, "2ns": 1, "3": 2500 * time.Millisecond,
		"30s": 4500 * time.Millisecond, "9000h": 4500 * time.Millisecond,
		"": 4500 * time.Millisecond, "soon": 4500 * time.Millisecond, "-1s": 4500 * time.Millisecond,
		"0": 4500 * time.Millisecond, "-3": 4500 * time.Millisecond, "99999999999999999999": 4500 * time.Millisecond,
	}
	for query, want := range tests {
		if got := budgetOf(query, longest); got != want {
			t.Errorf("budgetOf(%q) = %s, want %s", query, got, want)
		}
	}
}

func TestTimeoutOf(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "timeout=5s": "5s", "timeout=": "", "timeout=5s&dryRun=All": "5s", "dryRun=All&timeout=3s": "3s",
		"timeout=%35s": "5s", "timeout=5+s": "5 s", "timeout=1s&timeout=2s": "1s", "timeouts=5s": "", "x": "",
	} {
		if got := timeoutOf(&url.URL{RawQuery: query}); got != want {
			t.Errorf("timeoutOf(%q) = %q, want %q", query, got, want)
		}
	}
}

func TestDrain(t *testing.T) {
	entered, goOn := make(chan struct{}), make(chan struct{})
	r := newRig(t, decider(func(context.Context, review.Request) review.Verdict {
		close(entered)
		<-goOn
		return review.Verdict{Outcome: review.Allowed}
	}))
	first := make(chan *http.Response, 1)
	go func() { first <- r.post("/validate/tenant", valid) }()
	<-entered
	r.Drain()
	response := r.post("/validate/tenant", valid)
	if body := text(t, response); response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" {
		t.Errorf("while draining: %d %q", response.StatusCode, body)
	}
	close(goOn)
	if got := answer(t, <-first); !got.Allowed {
		t.Error("the decision under way was lost")
	}
	if n := r.value(t, "gatehouse_admission_rejected_total", "reason=draining"); n != 1 {
		t.Errorf("%v rejections counted", n)
	}
}

func TestBytesInFlight(t *testing.T) {
	const body = 32 << 10
	big := valid + strings.Repeat(" ", body-len(valid))
	var group sync.WaitGroup
	entered, goOn := make(chan struct{}), make(chan struct{})
	r := newRig(t, decider(func(context.Context, review.Request) review.Verdict {
		entered <- struct{}{}
		<-goOn
		return review.Verdict{Outcome: review.Allowed}
	}), func(o *Options) { o.MaxBodyBytes, o.BytesInFlight = 2*body, 3*body })
	for range 2 {
		group.Go(func() { answer(t, r.post("/validate/tenant", big)) })
		<-entered
	}
	for name, chunked := range map[string]bool{"with a length": false, "without a length": true} {
		request := httptest.NewRequest(http.MethodPost, "/validate/tenant", strings.NewReader(big))
		if chunked {
			request.Body, request.ContentLength = io.NopCloser(strings.NewReader(big)), -1
		}
		request.Header.Set("Content-Type", "application/json")
		response := r.send(request)
		if got := text(t, response); response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %q", name, response.StatusCode, got)
		}
	}
	if got := r.value(t, "gatehouse_admission_rejected_total", "reason=overload"); got != 2 {
		t.Errorf("%v rejections counted, want 2", got)
	}
	close(goOn)
	group.Wait()
	go func() { <-entered }()
	answer(t, r.post("/validate/tenant", big))
}

func TestNewNeedsADecider(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a handler without a decider")
	}
}
