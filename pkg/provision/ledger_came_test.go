package provision

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota/crd"
)

// TestWhatComesIsConfirmed: without a settlement, at most every two seconds unless many
// entries are open; what confirming does not answer for is settled.
func TestWhatComesIsConfirmed(t *testing.T) {
	const domain = "organization/acme"
	now, settled := today, 0
	ledger := &answers{settle: func(map[string]bool) (v1alpha1.QuotaLedgerSpec, error) { settled++; return openSince(today), nil }}
	r := newSettler(ledger, func() time.Time { return now })
	expect := func(what string, confirms, settlements int, after time.Duration) {
		t.Helper()
		result, err := r.Reconcile(t.Context(), request(domain))
		if err != nil || ledger.confirmed != confirms || settled != settlements || result.RequeueAfter != after {
			t.Errorf("%s: confirmed %d times and settled %d, again after %s, want %d, %d, %s (%v)", what, ledger.confirmed, settled, result.RequeueAfter, confirms, settlements, after, err)
		}
	}
	expect("at first", 0, 1, confirmPause)
	expect("one came", 1, 1, time.Minute)
	now = now.Add(time.Second)
	expect("another", 1, 1, time.Second)
	r.dirty.opened(domain, crowded, nil)
	expect("many are open", 2, 1, 59*time.Second)
	now = now.Add(confirmPause)
	ledger.rest = map[string]bool{"alice": true}
	expect("a Pod with devices", 3, 1, settlePause)
	expect("and then", 3, 2, confirmPause)
	now, ledger.fails = now.Add(confirmPause), crd.ErrAnew
	expect("the ledger is gone", 4, 2, settlePause)
	expect("and then", 4, 3, confirmPause)
}

// TestWhatComesWithoutAnEntryIsSettled: a ledger that was lost with its entries must not let
// what they were for go uncounted.
func TestWhatComesWithoutAnEntryIsSettled(t *testing.T) {
	const domain = "organization/acme"
	var asked []map[string]bool
	now := today
	ledger := &answers{uids: map[types.UID]bool{"known": true}, settle: func(tenants map[string]bool) (v1alpha1.QuotaLedgerSpec, error) {
		asked = append(asked, tenants)
		return v1alpha1.QuotaLedgerSpec{}, nil
	}}
	r := newSettler(ledger, func() time.Time { return now })
	reconcileNow := func() {
		t.Helper()
		now = now.Add(confirmPause)
		if _, err := r.Reconcile(t.Context(), request(domain)); err != nil {
			t.Fatal(err)
		}
	}
	r.dirty.arrived(domain, "alice", "before")
	reconcileNow() // all, and what came before
	r.dirty.arrived(domain, "alice", "known")
	r.dirty.arrived(domain, "carol", "lost")
	for range 4 {
		reconcileNow()
	}
	if diff := cmp.Diff([]map[string]bool{nil, {"carol": true}}, asked); diff != "" || ledger.confirmed != 3 {
		t.Errorf("confirmed %d times, settled (-want +got):\n%s", ledger.confirmed, diff)
	}
}

// TestAnExpiredEntryIsSettled however often its ledger changes meanwhile.
func TestAnExpiredEntryIsSettled(t *testing.T) {
	const domain = "organization/acme"
	var asked []map[string]bool
	now := today
	update := openSince(today)
	update.Sections[1].Entries = []v1alpha1.LedgerEntry{{Version: "7", Expires: metav1.NewTime(today.Add(time.Hour))}}
	r := newSettler(&answers{settle: func(tenants map[string]bool) (v1alpha1.QuotaLedgerSpec, error) {
		asked = append(asked, tenants)
		return update, nil
	}}, func() time.Time { return now })
	for now.Before(today.Add(time.Minute)) {
		if _, err := r.Reconcile(t.Context(), request(domain)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(500 * time.Millisecond)
		r.open(domain, update)
	}
	if _, err := r.Reconcile(t.Context(), request(domain)); err != nil {
		t.Fatal(err)
	}
	settled := map[string]int{}
	for _, tenants := range asked[1:] {
		for name := range tenants {
			settled[name]++
		}
	}
	if diff := cmp.Diff(map[string]int{"alice": 1, "carol": 4}, settled); diff != "" {
		t.Errorf("settled in a minute (-want +got):\n%s", diff)
	}
}
