package crd

import (
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/turn"
)

// TestWhoWaitsForALedgerKeepsNoPlace: hundreds may wait for one write.
func TestWhoWaitsForALedgerKeepsNoPlace(t *testing.T) {
	q := turn.New(turn.Options{Places: func() int { return 1 }, Waiting: 1, Patience: time.Second, Long: time.Hour})
	its, err := q.Enter(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	l := open(builder(t, member("alice", "acme")).Build(), nil)
	if d, err := l.Reserve(turn.In(t.Context(), its), demand("organization/acme", "alice", "one", 1)); err != nil || !d.Reserved() {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := q.Enter(t.Context(), "bob"); err != nil {
		t.Errorf("the place was kept: %v", err)
	}
}
