package provision

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// TestAWatchThatLagsTellsOfNoEdit: two settlements are noted before the first one's write is
// seen; what was written before the last that was seen is an edit again.
func TestAWatchThatLagsTellsOfNoEdit(t *testing.T) {
	const domain = "organization/acme"
	section := func(used string) v1alpha1.LedgerSection {
		return v1alpha1.LedgerSection{Tenant: "alice", Settled: []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: resource.MustParse(used)}}}
	}
	d := newSettler(nil, nil).dirty
	for _, used := range []string{"1", "2", "3"} {
		d.wrote(domain, v1alpha1.QuotaLedgerSpec{Sections: []v1alpha1.LedgerSection{section(used)}}, nil)
	}
	for _, step := range []struct {
		used string
		want bool
	}{{"1", false}, {"3", false}, {"2", true}, {"3", true}} {
		if got := d.saw(domain, "alice", section(step.used), today); got != step.want {
			t.Errorf("a section of %s is to be looked at: %v, want %v", step.used, got, step.want)
		}
	}
}

// TestWhatIsDueLaterIsNotForgotten: the queue has one time of a domain, and something else came
// before it.
func TestWhatIsDueLaterIsNotForgotten(t *testing.T) {
	const domain = "organization/acme"
	now := today
	r := newSettler(&answers{settle: func(map[string]bool) (v1alpha1.QuotaLedgerSpec, error) { return v1alpha1.QuotaLedgerSpec{}, nil }},
		func() time.Time { return now })
	reconcileNow := func() time.Duration {
		t.Helper()
		result, err := r.Reconcile(t.Context(), request(domain))
		if err != nil {
			t.Fatal(err)
		}
		return result.RequeueAfter
	}
	reconcileNow()
	r.dirty.saw(domain, "alice", v1alpha1.LedgerSection{Tenant: "alice"}, now.Add(strange))
	now = now.Add(time.Second)
	if got := reconcileNow(); got != strange-time.Second {
		t.Errorf("looked at again after %s, want %s", got, strange-time.Second)
	}
	now = now.Add(strange)
	r.dirty.addAt(domain, "alice", now.Add(sweep))
	if got := reconcileNow(); got != whole {
		t.Errorf("after it was settled looked at again after %s, want %s", got, whole)
	}
}
