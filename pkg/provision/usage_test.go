package provision

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func acmeLedger(used string) *v1alpha1.QuotaLedger {
	return &v1alpha1.QuotaLedger{
		ObjectMeta: metav1.ObjectMeta{Name: "organization-acme"},
		Spec: v1alpha1.QuotaLedgerSpec{Domain: "organization/acme", Sections: []v1alpha1.LedgerSection{{
			Tenant:  "alice",
			Settled: []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: resource.MustParse(used)}},
			Entries: []v1alpha1.LedgerEntry{{Name: "a", Amounts: []v1alpha1.LedgerAmount{{Dimension: "runs/deep", Amount: resource.MustParse("1")}}}},
		}}},
	}
}

func TestUsage(t *testing.T) {
	s := newServer(t, append(acme(), alice(), namespaceOf("alice", "alice-1"), acmeLedger("2"))...)
	now := today
	r := &usages{Client: s, facts: facts{s}, prefix: prefix, now: func() time.Time { return now }, written: map[string]time.Time{}}
	read := func() v1alpha1.UsageStatus {
		t.Helper()
		var u v1alpha1.Usage
		if err := s.Get(t.Context(), client.ObjectKey{Namespace: prefix + "alice", Name: v1alpha1.UsageName}, &u); err != nil {
			t.Fatal(err)
		}
		return u.Status
	}
	reconcileOnce := func() time.Duration {
		t.Helper()
		result, err := r.Reconcile(t.Context(), request("alice"))
		if err != nil {
			t.Fatal(err)
		}
		return result.RequeueAfter
	}

	reconcileOnce()
	zero := resource.MustParse("0")
	want := v1alpha1.UsageStatus{
		Tenant: "alice", User: "local:alice", Organization: "acme", Role: v1alpha1.RoleMember, Tier: "standard",
		Models: []string{"claude-sonnet"}, Fullest: "sessions 66%",
		Dimensions: []v1alpha1.UsageDimension{
			{Dimension: "cpu", Unit: "cores", Used: zero, Reserved: zero, Limit: "8", Window: v1alpha1.WindowNone, Source: "tier standard", Percent: ptr.To(int32(0))},
			{Dimension: "gpu", Unit: "devices", Used: zero, Reserved: zero, Limit: "unlimited", Window: v1alpha1.WindowNone, Source: "tier standard"},
			{Dimension: "runs/deep", Used: zero, Reserved: resource.MustParse("1"), Limit: "0", Window: v1alpha1.WindowNone},
			{Dimension: "sessions", Unit: "sessions", Used: resource.MustParse("2"), Reserved: zero, Limit: "3", Window: v1alpha1.WindowNone, Source: "tier standard", Percent: ptr.To(int32(66))},
		},
	}
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	now = now.Add(time.Minute)
	if n := s.written(func() { reconcileOnce() }); n != 0 {
		t.Errorf("%d writes with nothing new to say", n)
	}

	// Two changes in a row: the first is told at once, the second after the pause.
	change := func(used string) {
		t.Helper()
		var l v1alpha1.QuotaLedger
		if err := s.Get(t.Context(), client.ObjectKey{Name: "organization-acme"}, &l); err != nil {
			t.Fatal(err)
		}
		l.Spec = acmeLedger(used).Spec
		if err := s.Update(t.Context(), &l); err != nil {
			t.Fatal(err)
		}
	}
	change("3")
	reconcileOnce()
	if used := read().Dimensions[3].Used; used.Value() != 3 {
		t.Errorf("used %s, want 3", used.String())
	}
	change("1")
	now = now.Add(500 * time.Millisecond)
	if n := s.written(func() {
		if wait := reconcileOnce(); wait != 1500*time.Millisecond {
			t.Errorf("comes back in %v, want 1.5s", wait)
		}
	}); n != 0 {
		t.Errorf("%d writes within the pause", n)
	}
	now = now.Add(1500 * time.Millisecond)
	reconcileOnce()
	if used := read().Dimensions[3].Used; used.Value() != 1 {
		t.Errorf("used %s, want 1", used.String())
	}
}

func TestUsageNeedsItsOwnNamespace(t *testing.T) {
	for name, world := range map[string][]client.Object{
		"none":             nil,
		"another tenant's": {namespaceOf("alice", "alice-0")},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, append(append(acme(), alice()), world...)...)
			r := &usages{Client: s, facts: facts{s}, prefix: prefix, now: time.Now, written: map[string]time.Time{}}
			if n := s.written(func() {
				if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
					t.Error(err)
				}
			}); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// TestManyUsagesTakeTurns: of those who change in the same moment the budget's burst is
// written, and the others a little later.
func TestManyUsagesTakeTurns(t *testing.T) {
	now := today
	r := &usages{now: func() time.Time { return now }, written: map[string]time.Time{}, budget: rate.NewLimiter(usageRate, usageBurst)}
	late := map[string]bool{}
	for n := range 3 * usageBurst {
		if wait := r.wait(fmt.Sprint("t", n)); wait > 0 {
			late[fmt.Sprint("t", n)] = true
			if wait > 2*usagePause {
				t.Errorf("waits %s", wait)
			}
		}
	}
	if len(late) != 2*usageBurst {
		t.Errorf("%d of %d wait", len(late), 3*usageBurst)
	}
	for rounds := 0; len(late) > 0; rounds++ {
		if rounds > 2*usageBurst/usageRate {
			t.Fatalf("%d wait still after %d s", len(late), rounds)
		}
		now = now.Add(time.Second)
		for name := range late {
			if r.wait(name) == 0 {
				delete(late, name)
			}
		}
	}
}
