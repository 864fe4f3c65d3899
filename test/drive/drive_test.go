package drive

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serve gives a load for a server that answers so.
func serve(t *testing.T, handler http.HandlerFunc) Load {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	l := Load{Target: Target{URL: server.URL, CA: ca}, Connections: 4, For: 100 * time.Millisecond, Deadline: time.Second}
	request, err := l.Target.Request("/validate/tenant", []byte(`{"a":1}`), l.Deadline)
	if err != nil {
		t.Fatal(err)
	}
	l.Requests = [][]byte{request}
	return l
}

func allow(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"response":{"allowed":true}}`) }

func TestRequestArrives(t *testing.T) {
	got := make(chan []string, 1)
	l := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		select {
		case got <- []string{r.Method, r.URL.String(), r.Header.Get("Content-Type"), string(body), r.Proto}:
		default:
		}
		allow(w)
	})
	if r := Closed(t.Context(), l); r.Failed() > 0 || len(r.Latencies) == 0 {
		t.Errorf("failed: %+v", r)
	}
	want := []string{"POST", "/validate/tenant?timeout=1s", "application/json", `{"a":1}`, "HTTP/1.1"}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestAnswersAreToldApart(t *testing.T) {
	var n atomic.Int64
	l := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the end of the connection is not noticed
		switch n.Add(1) {
		case 1:
			allow(w)
		case 2:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			http.Error(w, "no Retry-After", http.StatusServiceUnavailable)
		case 4:
			panic(http.ErrAbortHandler)
		case 5:
			_, _ = io.WriteString(w, `{"response":{"allowed":false}}`)
		default:
			<-r.Context().Done()
		}
	})
	l.Connections, l.Deadline = 1, 500*time.Millisecond
	r := Open(t.Context(), l, 70) // 7 within 100 ms
	type counts struct{ Allowed, Retry, Late, Cut, Unsent, Other int }
	want := counts{Allowed: 1, Retry: 1, Late: 1, Cut: 1, Unsent: 1, Other: 2}
	got := counts{len(r.Latencies), len(r.Retry), r.Late, r.Cut, r.Unsent, r.Other}
	// The seventh is due while the sixth holds the only connection: it may just be sent.
	if got.Unsent == 0 {
		got.Late, got.Unsent = got.Late-1, got.Unsent+1
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s\n%v", diff, r.Why)
	}
}

// TestOmissionIsNotHidden: while the server stands still once, all that are due meanwhile are
// late, not only the one that it holds.
func TestOmissionIsNotHidden(t *testing.T) {
	var n atomic.Int64
	l := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 10 {
			time.Sleep(200 * time.Millisecond)
		}
		allow(w)
	})
	l.Connections, l.For = 1, 400*time.Millisecond
	r := Open(t.Context(), l, 100)
	if len(r.Latencies) != 40 {
		t.Fatalf("%d of 40 allowed: %+v", len(r.Latencies), r)
	}
	late := 0
	for _, took := range r.Latencies {
		if took > 50*time.Millisecond {
			late++
		}
	}
	if late < 5 {
		t.Errorf("%d are late, want all that were due while the server stood still", late)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	l := serve(t, func(w http.ResponseWriter, _ *http.Request) { allow(w) })
	l.For = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	Closed(ctx, l)
	l.For = 10 * time.Minute
	Open(ctx, l, 1000)
}

// TestMain has the test's own program be the sender that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == Verb {
		if err := Errand(context.Background(), os.Stdin, os.Stdout); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestASenderOfItsOwn(t *testing.T) {
	var n atomic.Int64
	l := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%4 == 0 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		allow(w)
	})
	l.For = 200 * time.Millisecond
	r, err := Apart(t.Context(), l, 200)
	if err != nil || len(r.Latencies) != 30 || len(r.Retry) != 10 || r.Sent() != 40 || n.Load() != 40 || len(r.Why) != 1 {
		t.Errorf("%d of 40 came: %+v, %v", n.Load(), r, err)
	}
	l.Target.CA = nil
	if r, err = Apart(t.Context(), l, 50); err != nil || r.Cut != 10 {
		t.Errorf("trusting nobody: %+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = Apart(ctx, l, 50); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

func TestQuantile(t *testing.T) {
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(99-i))
	}
	got := []time.Duration{Quantile(nil, .5), Quantile(all, 0), Quantile(all, .5), Quantile(all, .99), Quantile(all[:1], .99)}
	if diff := cmp.Diff([]time.Duration{0, 0, 50, 99, 99}, got); diff != "" {
		t.Errorf("quantiles (-want +got):\n%s", diff)
	}
}

// TestTheLeadIsNotCounted: what is due in it is sent, and no figure knows of it.
func TestTheLeadIsNotCounted(t *testing.T) {
	var n atomic.Int64
	l := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		allow(w)
	})
	l.Lead = 300 * time.Millisecond
	if r := Open(t.Context(), l, 100); r.Sent() > 15 || r.Sent() < 5 || n.Load() < 30 || r.Took > time.Second {
		t.Errorf("%d sent, %d counted in %s: %+v", n.Load(), r.Sent(), r.Took, r)
	}
}

// TestWhatFindsNoConnectionIsNotSent: past its patience, long before its deadline.
func TestWhatFindsNoConnectionIsNotSent(t *testing.T) {
	l := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(60 * time.Millisecond)
		allow(w)
	})
	l.Connections, l.Patience = 1, 20*time.Millisecond
	if r := Open(t.Context(), l, 100); r.Unsent < 3 || r.Failed() != r.Unsent {
		t.Errorf("of ten that were due while one took 60 ms: %+v", r)
	}
}
