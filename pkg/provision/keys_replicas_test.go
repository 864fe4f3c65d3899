package provision

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/pkg/facts/live"
)

func leaseOf(name string, renewed time.Time, keys string) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: name, Annotations: map[string]string{live.AnnotationKeys: keys}},
		Spec:       coordinationv1.LeaseSpec{RenewTime: ptr.To(metav1.NewMicroTime(renewed)), LeaseDurationSeconds: ptr.To(int32(10))},
	}
}

func TestReplicasLiveAsLongAsTheyRenew(t *testing.T) {
	var r replicas
	at := func(seconds int) time.Time { return day.Add(time.Duration(seconds) * time.Second) }
	check := func(seconds int, want map[string][]string) {
		t.Helper()
		if diff := cmp.Diff(want, r.loaded(at(seconds))); diff != "" {
			t.Errorf("after %d s (-want +got):\n%s", seconds, diff)
		}
	}
	check(0, map[string][]string{})
	// Its clock is an hour behind, which says nothing about its life.
	r.observe(leaseOf("gatehouse-webhook-slow", at(-3600), "a,b"), at(0))
	r.observe(leaseOf("gatehouse-webhook-new", at(0), ""), at(0))
	r.observe(leaseOf("gatehouse-provisioner", at(0), "a"), at(0))
	check(10, map[string][]string{"slow": {"a", "b"}, "new": nil})
	r.observe(leaseOf("gatehouse-webhook-slow", at(-3595), "a,b,c"), at(5))
	r.observe(leaseOf("gatehouse-webhook-new", at(0), ""), at(5)) // seen again, not renewed
	check(11, map[string][]string{"slow": {"a", "b", "c"}})
	check(16, map[string][]string{})
	r.observe(leaseOf("gatehouse-webhook-new", at(20), "a"), at(20))
	r.observeAll([]coordinationv1.Lease{*leaseOf("gatehouse-webhook-other", at(20), "a")}, at(20))
	check(21, map[string][]string{"other": {"a"}})
}

func TestLeaseNewsWakesOnlyForNews(t *testing.T) {
	var r replicas
	woken := 0
	h := leaseNews(&r, func() time.Time { return day }, func() { woken++ })
	first := leaseOf("gatehouse-webhook-0", day, "a")
	h.OnAdd(first, true)
	h.OnUpdate(first, leaseOf("gatehouse-webhook-0", day.Add(time.Second), "a"))
	h.OnAdd(leaseOf("gatehouse-provisioner", day, ""), true)
	if woken != 1 {
		t.Errorf("woken %d times by a replica that came and renewed, want 1", woken)
	}
	h.OnUpdate(first, leaseOf("gatehouse-webhook-0", day.Add(2*time.Second), "a,b"))
	if woken != 2 {
		t.Error("not woken by a replica that loaded a key")
	}
	if diff := cmp.Diff(map[string][]string{"0": {"a", "b"}}, r.loaded(day)); diff != "" {
		t.Error(diff)
	}
}
