package serving

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestAConnectionWearsOutByAgeAndUse(t *testing.T) {
	ctx := countRequests(t.Context(), nil)
	began := time.Now()
	for n := range 2 * connectionRequests {
		if worn(ctx, began) {
			t.Errorf("request %d of a new connection is its last", n)
		}
	}
	if !worn(ctx, began.Add(2*connectionAge)) {
		t.Error("an old connection of many requests carries more")
	}
	ctx = countRequests(t.Context(), nil)
	for n := range connectionRequests {
		if last := n == connectionRequests-1; worn(ctx, began.Add(2*connectionAge)) != last {
			t.Errorf("request %d of an old connection: want last to be %v", n, last)
		}
	}
	if worn(t.Context(), began.Add(time.Hour)) {
		t.Error("a request of no known connection closes it")
	}
}

// TestFewConnectionsAreRenewedAtOnce: of a thousand worn ones only so many are asked to come again.
func TestFewConnectionsAreRenewedAtOnce(t *testing.T) {
	c := &closing{Handler: http.NotFoundHandler(), renewals: newRenewals()}
	asked := 0
	for range 1000 {
		use := &connectionUse{since: time.Now().Add(-time.Hour)}
		use.requests.Store(connectionRequests)
		r := httptest.NewRequestWithContext(context.WithValue(t.Context(), connectionKey{}, use), http.MethodPost, "/", nil)
		w := httptest.NewRecorder()
		if c.ServeHTTP(w, r); w.Header().Get("Connection") == "close" {
			asked++
		}
	}
	if asked < renewals || asked > 2*renewals {
		t.Errorf("%d of 1,000 are asked at once, want %d", asked, renewals)
	}
}

// TestNoCallIsLostWhereConnectionsWearOut also sees that clients came on new ones.
func TestNoCallIsLostWhereConnectionsWearOut(t *testing.T) {
	var mu sync.Mutex
	peers := map[string]bool{}
	const clients = 8
	renewed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(peers) >= 3*clients
	}
	p := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		peers[r.RemoteAddr] = true
	}))
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for until := time.Now().Add(60 * connectionAge); !renewed() && time.Now().Before(until); {
				response, err := p.client.Get(p.base)
				if err != nil {
					t.Error(err)
					return
				}
				_ = response.Body.Close()
			}
		})
	}
	all.Wait()
	if !renewed() {
		t.Errorf("the calls of %d clients came on %d connections only", clients, len(peers))
	}
}
