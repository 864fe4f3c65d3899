package quota

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

const alice = "local:alice"

var (
	today    = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	tomorrow = today.AddDate(0, 0, 1)
)

// aDay is a limit on starts a day, from its first moment.
func aDay(amount string, start time.Time) map[string]Limit {
	return map[string]Limit{"starts": {Amount: q(amount), Window: v1alpha1.WindowDay, Start: start}}
}

// start is the creation of a session that the day counts.
func start(name, uid string, limits map[string]Limit) Request {
	return Request{
		Domain: "organization/acme", Tenant: "alice", Owner: alice, Key: key(name), UID: uid,
		Amounts: map[string]resource.Quantity{"starts": q("1")}, Limits: limits,
	}
}

// usedToday is what the present window of alice holds, charged and open.
func usedToday(spec v1alpha1.QuotaLedgerSpec, limits map[string]Limit) (used, reserved string) {
	s := StandingOf(spec, "alice", alice, limits)
	u, r := s.Used["starts"], s.Reserved["starts"]
	return u.String(), r.String()
}

func must(t *testing.T, spec v1alpha1.QuotaLedgerSpec, r Request) v1alpha1.QuotaLedgerSpec {
	t.Helper()
	next, d := Reserve(spec, r, noon, ttl)
	if !d.Reserved() {
		t.Fatalf("refused: %+v", d)
	}
	return next
}

func TestAWindowIsChargedOnceForEachStoredObject(t *testing.T) {
	limits := aDay("2", today)
	stored := func(name, uid string) Observed {
		return Observed{Tenant: "alice", Owner: alice, Key: key(name), UID: types.UID(uid)}
	}
	tests := map[string]struct {
		asked    []Request
		observed []Observed
		past     memory
		after    time.Duration
		used     string
		reserved string
	}{
		"on its way":                  {asked: []Request{start("a", "u1", limits)}, used: "0", reserved: "1"},
		"stored":                      {asked: []Request{start("a", "u1", limits)}, observed: []Observed{stored("a", "u1")}, used: "1", reserved: "0"},
		"stored and deleted":          {asked: []Request{start("a", "u1", limits)}, past: memory{gone: map[types.UID]bool{"u1": true}}, used: "1", reserved: "0"},
		"denied by somebody else":     {asked: []Request{start("a", "u1", limits)}, after: 2 * ttl, used: "0", reserved: "0"},
		"nobody watched all the time": {asked: []Request{start("a", "u1", limits)}, past: memory{since: noon.Add(time.Second)}, after: 2 * ttl, used: "1", reserved: "0"},
		"asked twice with one UID":    {asked: []Request{start("a", "u1", limits), start("a", "u1", limits)}, observed: []Observed{stored("a", "u1")}, used: "1", reserved: "0"},
		"two creates of a name may both be stored, one after the other": {
			asked: []Request{start("a", "u1", limits), start("a", "u2", limits)}, used: "0", reserved: "2"},
		"one was and is gone, the other is": {
			asked:    []Request{start("a", "u1", limits), start("a", "u2", limits)},
			observed: []Observed{stored("a", "u2")}, past: memory{gone: map[types.UID]bool{"u1": true}}, used: "2", reserved: "0"},
		"one is, the other never comes": {
			asked:    []Request{start("a", "u1", limits), start("a", "u2", limits)},
			observed: []Observed{stored("a", "u2")}, after: 2 * ttl, used: "1", reserved: "0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			spec := ledger()
			for _, r := range tt.asked {
				spec = must(t, spec, r)
			}
			by := Settlement{Observed: tt.observed, Past: tt.past, TTL: ttl, Now: noon.Add(tt.after)}
			for range 3 {
				spec = Settle(spec, by)
			}
			if used, reserved := usedToday(spec, limits); used != tt.used || reserved != tt.reserved {
				t.Errorf("used %s reserved %s, want %s and %s; ledger %+v", used, reserved, tt.used, tt.reserved, spec)
			}
		})
	}
}

func TestAWindowHolds(t *testing.T) {
	limits := aDay("2", today)
	spec := must(t, must(t, ledger(), start("a", "u1", limits)), start("b", "u2", limits))
	_, d := Reserve(spec, start("c", "u3", limits), noon, ttl)
	want := []Exceeded{{Dimension: "starts", Scope: ScopeTenant, Used: q("0"), Reserved: q("2"), Requested: q("1"), Limit: q("2"), Window: v1alpha1.WindowDay}}
	if diff := cmp.Diff(want, d.Exceeded); diff != "" {
		t.Errorf("exceeded (-want +got):\n%s", diff)
	}
	t.Run("and begins anew", func(t *testing.T) {
		must(t, spec, start("c", "u3", aDay("2", tomorrow)))
	})
	t.Run("after a clock that was wrong", func(t *testing.T) {
		wrong := must(t, spec, start("c", "u3", aDay("2", tomorrow)))
		settled := Settle(wrong, Settlement{TTL: ttl, Now: noon, Observed: []Observed{
			{Tenant: "alice", Owner: alice, Key: key("a"), UID: "u1"}, {Tenant: "alice", Owner: alice, Key: key("b"), UID: "u2"},
			{Tenant: "alice", Owner: alice, Key: key("c"), UID: "u3"}}})
		if _, d := Reserve(settled, start("d", "u4", limits), noon, ttl); d.Reserved() {
			t.Error("today's window was forgotten")
		}
	})
	t.Run("for the identity, not the tenant", func(t *testing.T) {
		again := start("c", "u3", limits)
		again.Tenant = "alice-again"
		if _, d := Reserve(spec, again, noon, ttl); d.Reserved() {
			t.Error("a new tenant of the same person got a new day")
		}
		another := start("c", "u3", limits)
		another.Owner = "local:somebody"
		must(t, spec, another)
	})
	t.Run("elsewhere too", func(t *testing.T) {
		fresh := ledger()
		Carry(&fresh, "alice", alice, []v1alpha1.LedgerWindow{
			{Owner: alice, Dimension: "starts", Start: metav1.NewTime(today), Length: v1alpha1.WindowDay, Used: q("2")},
			{Owner: "local:somebody", Dimension: "starts", Start: metav1.NewTime(today), Length: v1alpha1.WindowDay, Used: q("9")},
		})
		if _, d := Reserve(fresh, start("c", "u3", limits), noon, ttl); d.Reserved() {
			t.Error("what she used in another organization counts for nothing")
		}
	})
	t.Run("not for updates", func(t *testing.T) {
		update := start("a", "u1", limits)
		update.Version, update.Held = "5", map[string]resource.Quantity{}
		next := must(t, ledger(), update)
		if used, reserved := usedToday(next, limits); used != "0" || reserved != "0" {
			t.Errorf("an update took %s and %s", used, reserved)
		}
	})
}

// TestARetryLoopOnATakenNameLocksNobodyOut: creates that are told AlreadyExists again and
// again leave every other name its place.
func TestARetryLoopOnATakenNameLocksNobodyOut(t *testing.T) {
	limits := aDay("2", today)
	limits["sessions"] = Limit{Amount: q("2")}
	both := map[string]resource.Quantity{"starts": q("1"), "sessions": q("1")}
	spec := Settle(ledger(), Settlement{Now: noon, TTL: ttl, Anew: true, Observed: []Observed{{
		Tenant: "alice", Owner: alice, Key: key("a"), UID: "u0", Amounts: one(),
		Charges: []Use{{Dimension: "starts", Start: metav1.NewTime(today), Length: v1alpha1.WindowDay, Amount: q("1")}},
	}}})
	for i := range 100 {
		r := start("a", "again-"+string(rune('a'+i%26))+string(rune('a'+i/26)), limits)
		r.Amounts, r.Taken, r.Held = both, true, one()
		spec = must(t, spec, r)
	}
	other := start("b", "u2", limits)
	other.Amounts = both
	must(t, spec, other)
}

func TestTooManyCreatesOfOneNameComeAgain(t *testing.T) {
	limits, spec := aDay("1000", today), ledger()
	for i := range 1 + maxContenders {
		spec = must(t, spec, start("a", "u"+string(rune('a'+i)), limits))
	}
	before := spec.DeepCopy()
	next, d := Reserve(spec, start("a", "one-more", limits), noon, ttl)
	if !d.Busy || d.Reserved() || cmp.Diff(*before, next) != "" {
		t.Errorf("one more: %+v", d)
	}
	must(t, spec, start("b", "another", limits))
}

func TestWindowsEnd(t *testing.T) {
	record := func(start time.Time, length v1alpha1.Window) v1alpha1.LedgerWindow {
		return v1alpha1.LedgerWindow{Owner: alice, Dimension: "x", Start: metav1.NewTime(start), Length: length, Used: q("1")}
	}
	spec := v1alpha1.QuotaLedgerSpec{Domain: "organization/acme", Sections: []v1alpha1.LedgerSection{{Tenant: "alice", Windows: []v1alpha1.LedgerWindow{
		record(today.AddDate(0, 0, -4), v1alpha1.WindowDay), record(today.AddDate(0, 0, -1), v1alpha1.WindowDay), record(today, v1alpha1.WindowDay),
		record(today.AddDate(0, -4, 0), v1alpha1.WindowMonth), record(today.AddDate(0, -2, 0), v1alpha1.WindowMonth),
	}}}}
	got := Settle(spec, Settlement{TTL: ttl, Now: noon})
	if n := len(got.Sections[0].Windows); n != 3 {
		t.Errorf("%d windows are kept, want yesterday's, today's and the last month's but one: %+v", n, got.Sections[0].Windows)
	}
}

func TestCalendar(t *testing.T) {
	zone := func(name string) Calendar {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return Calendar{Zone: z}
	}
	at := func(s string) time.Time {
		out, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, tt := range map[string]struct {
		c          Calendar
		w          v1alpha1.Window
		t          string
		start, end string
	}{
		"a day in UTC":                           {Calendar{}, v1alpha1.WindowDay, "2026-03-04T12:00:00Z", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"},
		"its first moment":                       {Calendar{}, v1alpha1.WindowDay, "2026-03-04T00:00:00Z", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"},
		"its last":                               {Calendar{}, v1alpha1.WindowDay, "2026-03-04T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"},
		"a month in UTC":                         {Calendar{}, v1alpha1.WindowMonth, "2026-02-28T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
		"over new year":                          {Calendar{}, v1alpha1.WindowMonth, "2026-12-31T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		"a day in Tokyo":                         {zone("Asia/Tokyo"), v1alpha1.WindowDay, "2026-03-04T15:30:00Z", "2026-03-04T15:00:00Z", "2026-03-05T15:00:00Z"},
		"the short day":                          {zone("Europe/Berlin"), v1alpha1.WindowDay, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		"the long day":                           {zone("Europe/Berlin"), v1alpha1.WindowDay, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		"the month with the long day":            {zone("Europe/Berlin"), v1alpha1.WindowMonth, "2026-10-25T12:00:00Z", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"},
		"a day whose midnight the clocks jumped": {zone("America/Santiago"), v1alpha1.WindowDay, "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"},
	} {
		if got := tt.c.Start(tt.w, at(tt.t)); !got.Equal(at(tt.start)) {
			t.Errorf("%s begins %s, want %s", name, got.Format(time.RFC3339), tt.start)
		}
		if got := tt.c.End(tt.w, at(tt.t)); !got.Equal(at(tt.end)) {
			t.Errorf("%s ends %s, want %s", name, got.Format(time.RFC3339), tt.end)
		}
	}
	if got := (Calendar{}).Start(v1alpha1.WindowNone, noon); !got.IsZero() {
		t.Errorf("no window begins %s", got)
	}
}
