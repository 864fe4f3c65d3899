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

var (
	march = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	april = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
)

func deviceTime(amount string, month time.Time) Use {
	return Use{Dimension: "gpu-seconds", Start: metav1.NewTime(month), Length: v1alpha1.WindowMonth, Amount: q(amount)}
}

// TestMeters: while an object is stored its use is what it says; when it is gone, its last
// use stays in the window, once.
func TestMeters(t *testing.T) {
	in := func(month time.Time) map[string]Limit {
		return map[string]Limit{"gpu-seconds": {Amount: q("1000"), Window: v1alpha1.WindowMonth, Start: month}}
	}
	pod := func(uses ...Use) []Observed {
		return []Observed{{Tenant: "alice", Owner: alice, Key: key("a"), UID: "u1", Metered: uses}}
	}
	used := func(spec v1alpha1.QuotaLedgerSpec, month time.Time) string {
		s := StandingOf(spec, "alice", alice, in(month))
		sum := s.Used["gpu-seconds"].DeepCopy()
		sum.Add(s.Reserved["gpu-seconds"])
		return sum.String()
	}
	settle := func(spec v1alpha1.QuotaLedgerSpec, observed []Observed, past memory) v1alpha1.QuotaLedgerSpec {
		by := Settlement{Observed: observed, Past: past, TTL: ttl, Now: noon}
		once := Settle(spec, by)
		if diff := cmp.Diff(once, Settle(once, by)); diff != "" {
			t.Errorf("settling twice differs:\n%s", diff)
		}
		return once
	}
	create := start("a", "u1", in(march))
	create.Amounts = map[string]resource.Quantity{"gpu-seconds": q("600")}
	spec := must(t, ledger(), create)
	for _, step := range []struct {
		name     string
		observed []Observed
		past     memory
		march    string
		april    string
	}{
		{"set aside while nothing is seen", nil, memory{}, "600", "0"},
		{"what is set aside counts while it runs", pod(deviceTime("600", march)), memory{}, "600", "0"},
		{"or what it used, when that is more", pod(deviceTime("700", march)), memory{}, "700", "0"},
		{"over the month's end", pod(deviceTime("800", march), deviceTime("50", april)), memory{}, "800", "50"},
		{"the old month is closed", pod(deviceTime("60", april)), memory{}, "800", "60"},
		{"it is gone, and how it ended is known", nil, memory{
			gone: map[types.UID]bool{"u1": true}, uses: map[types.UID][]Use{"u1": {deviceTime("800", march), deviceTime("65", april)}}}, "800", "65"},
		{"and stays so", nil, memory{gone: map[types.UID]bool{"u1": true}, uses: map[types.UID][]Use{"u1": {deviceTime("65", april)}}}, "800", "65"},
	} {
		spec = settle(spec, step.observed, step.past)
		if m, a := used(spec, march), used(spec, april); m != step.march || a != step.april {
			t.Errorf("%s: %s in March and %s in April, want %s and %s", step.name, m, a, step.march, step.april)
		}
	}
	t.Run("gone unseen: the last known use", func(t *testing.T) {
		spec := settle(ledger(), pod(deviceTime("300", march)), memory{})
		if got := used(settle(spec, nil, memory{}), march); got != "300" {
			t.Errorf("%s", got)
		}
	})
	t.Run("come and gone between two settlements", func(t *testing.T) {
		spec := must(t, ledger(), create)
		past := memory{gone: map[types.UID]bool{"u1": true}, uses: map[types.UID][]Use{"u1": {deviceTime("7", march)}}}
		if got := used(settle(spec, nil, past), march); got != "7" {
			t.Errorf("%s", got)
		}
	})
}

func TestReportsAreEnteredOnce(t *testing.T) {
	limits := map[string]Limit{
		"tokens":               {Amount: q("1000"), Window: v1alpha1.WindowMonth, Start: march},
		"tokens.claude-sonnet": {Amount: q("1000"), Window: v1alpha1.WindowMonth, Start: march},
	}
	report := Report{
		Domain: "organization/acme", Tenant: "alice", Owner: alice, Reporter: "gateway-0", Sequence: 1, Limits: limits,
		Amounts: map[string]resource.Quantity{"tokens": q("40"), "tokens.claude-sonnet": q("40"), "unheard-of": q("1")},
	}
	spec, entered := Enter(ledger(), report)
	if !entered {
		t.Error("the first report was not entered")
	}
	if again, entered := Enter(spec, report); entered || cmp.Diff(spec, again) != "" {
		t.Error("the same report was entered twice")
	}
	report.Sequence = 5
	spec, _ = Enter(spec, report)
	report.Reporter, report.Sequence = "gateway-1", 1
	spec, _ = Enter(spec, report)
	settled := Settle(spec, Settlement{TTL: ttl, Now: noon})
	got := StandingOf(settled, "alice", alice, limits).Used
	want := map[string]resource.Quantity{"tokens": q("120"), "tokens.claude-sonnet": q("120")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("used (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(spec.Reports, settled.Reports); diff != "" {
		t.Errorf("a settlement forgot reports:\n%s", diff)
	}
}
