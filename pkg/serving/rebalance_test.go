package serving

import (
	"net/http"
	"sync"
	"testing"
)

func TestAConnectionWearsOut(t *testing.T) {
	var mu sync.Mutex
	requests := map[string]int{}
	p := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests[r.RemoteAddr]++
	}))
	const connections = 3
	for range connections * requestsPerConnection {
		get1(t, p.client, p.base)
	}
	if len(requests) != connections {
		t.Errorf("%d connections, want %d: %v", len(requests), connections, requests)
	}
	for peer, n := range requests {
		if n != requestsPerConnection {
			t.Errorf("%s carried %d requests, want %d", peer, n, requestsPerConnection)
		}
	}
}

func TestNoCallIsLostWhereConnectionsWearOut(t *testing.T) {
	p := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 2*requestsPerConnection + 1 {
				response, err := p.client.Get(p.base)
				if err != nil {
					t.Error(err)
					return
				}
				_ = response.Body.Close()
			}
		})
	}
	clients.Wait()
}
