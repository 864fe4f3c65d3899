package quota

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func cpu(amount string) map[string]resource.Quantity {
	return map[string]resource.Quantity{"cpu": q(amount)}
}

// resize is an update of a stored Pod from one amount to another.
func resize(from, to, version string) Request {
	return Request{
		Domain: "organization/acme", Tenant: "alice", Owner: alice, Key: key("a"), UID: "u1",
		Amounts: cpu(to), Held: cpu(from), Version: version, Limits: upTo("cpu", "8"),
	}
}

func storedCPU(amount, version string) []Observed {
	return []Observed{{Tenant: "alice", Owner: alice, Key: key("a"), UID: "u1", Version: version, Amounts: cpu(amount)}}
}

func holdsCPU(spec v1alpha1.QuotaLedgerSpec) string {
	s := StandingOf(spec, "alice", alice, nil)
	sum := s.Used["cpu"].DeepCopy()
	sum.Add(s.Reserved["cpu"])
	return sum.String()
}

// TestUpdatesHoldAbsoluteAmounts: what an object held before counts once, from the first
// moment on.
func TestUpdatesHoldAbsoluteAmounts(t *testing.T) {
	settledAt := func(amount, version string) v1alpha1.QuotaLedgerSpec {
		return Settle(ledger(), Settlement{Observed: storedCPU(amount, version), TTL: ttl, Now: noon})
	}
	by := func(observed []Observed, after time.Duration) Settlement {
		return Settlement{Observed: observed, TTL: ttl, Now: noon.Add(after)}
	}
	t.Run("raised", func(t *testing.T) {
		spec := must(t, settledAt("6", "10"), resize("6", "8", "10"))
		if got := holdsCPU(spec); got != "8" {
			t.Errorf("holds %s on its way from 6 to 8", got)
		}
		spec = Settle(spec, by(storedCPU("6", "10"), 0))
		if got := holdsCPU(spec); got != "8" {
			t.Errorf("holds %s while the update is not seen", got)
		}
		spec = Settle(spec, by(storedCPU("8", "11"), 0))
		if got := holdsCPU(spec); got != "8" || len(spec.Sections[0].Entries) != 0 {
			t.Errorf("holds %s afterwards, entries %+v", got, spec.Sections[0].Entries)
		}
	})
	t.Run("raised too far", func(t *testing.T) {
		_, d := Reserve(settledAt("6", "10"), resize("6", "9", "10"), noon, ttl)
		if d.Reserved() {
			t.Error("9 of 8 were given")
		}
	})
	t.Run("lost to another update", func(t *testing.T) {
		spec := must(t, settledAt("6", "10"), resize("6", "8", "10"))
		spec = Settle(spec, by(storedCPU("5", "11"), 0))
		if got := holdsCPU(spec); got != "5" {
			t.Errorf("holds %s, stored are 5", got)
		}
	})
	t.Run("denied by somebody else", func(t *testing.T) {
		spec := must(t, settledAt("6", "10"), resize("6", "8", "10"))
		spec = Settle(spec, by(storedCPU("6", "10"), 2*ttl))
		if got := holdsCPU(spec); got != "6" {
			t.Errorf("holds %s after its expiry, stored are 6", got)
		}
	})
	t.Run("from an old state", func(t *testing.T) {
		// The API server tries from its cache first: the object holds 2 by now.
		spec := must(t, settledAt("2", "12"), resize("6", "7", "10"))
		spec = must(t, spec, resize("2", "7", "12"))
		if got := holdsCPU(spec); got == "1" || got == "3" {
			t.Errorf("holds %s on its way from 2 to 7", got)
		}
		spec = Settle(spec, by(storedCPU("7", "13"), 0))
		if got := holdsCPU(spec); got != "7" {
			t.Errorf("holds %s, stored are 7", got)
		}
	})
	t.Run("lowered, over a lowered limit", func(t *testing.T) {
		r := resize("20", "15", "10")
		if _, d := Reserve(settledAt("20", "10"), r, noon, ttl); !d.Reserved() {
			t.Errorf("it takes nothing: %+v", d)
		}
	})
	t.Run("before its create is seen", func(t *testing.T) {
		create := resize("0", "4", "")
		create.Held, create.Amounts = nil, cpu("4")
		spec := must(t, ledger(), create)
		spec = must(t, spec, resize("4", "6", "10"))
		if got := holdsCPU(spec); got != "6" {
			t.Errorf("holds %s on its way from 4 to 6", got)
		}
		spec = Settle(spec, by(storedCPU("6", "11"), 0))
		if got := holdsCPU(spec); got != "6" || len(spec.Sections[0].Entries) != 0 {
			t.Errorf("holds %s, entries %+v", got, spec.Sections[0].Entries)
		}
	})
}

// TestACreateOfATakenNameCountsOnce: the name's object counts with it, not beside it.
func TestACreateOfATakenNameCountsOnce(t *testing.T) {
	spec := Settle(ledger(), Settlement{Observed: storedCPU("6", "10"), TTL: ttl, Now: noon})
	r := resize("6", "6", "")
	r.UID, r.Taken = "u2", true
	spec = must(t, spec, r)
	if got := holdsCPU(spec); got != "6" {
		t.Errorf("holds %s", got)
	}
	t.Run("and takes its place when the name is free after all", func(t *testing.T) {
		after := Settle(spec, Settlement{TTL: ttl, Now: noon, Past: memory{gone: map[types.UID]bool{"u1": true}}})
		if got := holdsCPU(after); got != "6" {
			t.Errorf("holds %s while u2 may still be stored", got)
		}
	})
}

func TestOddQuantities(t *testing.T) {
	for name, tt := range map[string]struct {
		amount, limit string
		want          bool
	}{
		"fractions":                     {"333m", "1", true},
		"fractions that fit exactly":    {"1", "1000m", true},
		"a thousandth too much":         {"1001m", "1", false},
		"as large as quantities get":    {"9223372036854775807", "8", false},
		"larger than 64 bits":           {"1e30", "8", false},
		"of what is larger than 64 bit": {"1e30", "2e30", true},
		"in other words":                {"1Gi", "1073741824", true},
		"negative":                      {"-1", "8", false},
	} {
		r := Request{Domain: "organization/acme", Tenant: "alice", Key: key("a"), UID: "u", Amounts: cpu(tt.amount), Limits: upTo("cpu", tt.limit)}
		if _, d := Reserve(ledger(), r, noon, ttl); d.Reserved() != tt.want {
			t.Errorf("%s: %s of %s: %+v", name, tt.amount, tt.limit, d)
		}
	}
}

func TestNearlyUsedUp(t *testing.T) {
	for amount, want := range map[string]int{"6": 0, "6399m": 0, "6400m": 1, "8": 1} {
		r := Request{Domain: "organization/acme", Tenant: "alice", Key: key("a"), UID: "u", Amounts: cpu(amount), Limits: upTo("cpu", "8")}
		if _, d := Reserve(ledger(), r, noon, ttl); len(d.Near) != want {
			t.Errorf("%s of 8: %+v", amount, d.Near)
		}
	}
}

func TestLenientDimensionsAreCountedAndRefuseNothing(t *testing.T) {
	r := Request{
		Domain: "organization/acme", Tenant: "alice", Key: key("a"), UID: "u", Limits: upTo("cpu", "1"),
		Amounts: cpu("2"), Lenient: map[string]bool{"cpu": true},
	}
	spec, d := Reserve(ledger(), r, noon, ttl)
	if !d.Reserved() || len(d.Passed) != 1 || holdsCPU(spec) != "2" {
		t.Errorf("%+v, holds %s", d, holdsCPU(spec))
	}
}
