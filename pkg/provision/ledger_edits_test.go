package provision

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/event"

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

// TestALostLedgerIsToldOf once, when it is there again; one that went with its owner is not.
func TestALostLedgerIsToldOf(t *testing.T) {
	const domain = "organization/acme"
	for name, tt := range map[string]struct {
		made v1alpha1.QuotaLedgerSpec
		want []string
	}{
		"made again":          {v1alpha1.QuotaLedgerSpec{Domain: domain}, []string{"Warning Repaired it was deleted; it is made again of what is stored"}},
		"went with its owner": {v1alpha1.QuotaLedgerSpec{}, nil},
	} {
		now := today
		told := events.NewFakeRecorder(10)
		r := newSettler(&answers{settle: func(map[string]bool) (v1alpha1.QuotaLedgerSpec, error) { return tt.made, nil }}, func() time.Time { return now })
		r.told = told
		w := &watched{settler: r}
		q := &recorder{}
		w.ledgers().Delete(t.Context(), event.DeleteEvent{Object: &v1alpha1.QuotaLedger{ObjectMeta: metav1.ObjectMeta{Name: "organization-acme"}}}, q)
		for range 2 {
			now = now.Add(time.Minute)
			r.dirty.addAll(domain)
			if _, err := r.Reconcile(t.Context(), request(domain)); err != nil {
				t.Fatal(err)
			}
		}
		var said []string
		for len(told.Events) > 0 {
			said = append(said, <-told.Events)
		}
		if diff := cmp.Diff(tt.want, said); diff != "" {
			t.Errorf("%s: told (-want +got):\n%s", name, diff)
		}
	}
}
