//go:build !race

package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestFloodDisturbsNobody has one tenant send reviews over 200 connections, each as soon as it has
// the answer to the last one: the others' decisions take about as long as before, since tenants
// take turns. The figure is printed; five times the promise fails.
func TestFloodDisturbsNobody(t *testing.T) {
	handler, _, _ := webhook(t)
	honest := creation(t, handler, pod("small", "A", "b"))[1]
	theirs := Body{Path: honest.Path, Raw: bytes.ReplaceAll(honest.Raw, []byte(`claude-runner-user-alice`), []byte(`claude-runner-user-bob`))}
	if bytes.Equal(theirs.Raw, honest.Raw) {
		t.Fatal("the flood is of the same tenant")
	}
	var answered, turned atomic.Int64
	what := disturbed(t, handler, honest, 200, func() bool {
		switch w := answer(handler, theirs); w.Code {
		case http.StatusOK:
			answered.Add(1)
		case http.StatusServiceUnavailable:
			turned.Add(1)
		default:
			t.Errorf("the flood got %d %s", w.Code, w.Body)
			return false
		}
		return true
	})
	t.Logf("%s while one tenant sends 200 reviews at once (%d were decided, %d turned away)", what, answered.Load(), turned.Load())
}

// disturbed sends honest reviews one after the other, quietly and while so many at once do
// something again and again until they say false, and tells both p99. Five times the promise
// fails.
func disturbed(t *testing.T, handler http.Handler, honest Body, n int, again func() bool) string {
	t.Helper()
	quiet := quantile(t, handler, honest, 2000, .99)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for ctx.Err() == nil && again() {
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	loud := quantile(t, handler, honest, 2000, .99)
	cancel()
	all.Wait()
	ratio := float64(loud) / float64(quiet)
	if ratio > 10 {
		t.Errorf("others' p99 is %.1f times what it is in the quiet", ratio)
	}
	return fmt.Sprintf("others' p99: %s quiet, %s (%.1f times, promised: 2)", quiet, loud, ratio)
}
