package provision

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

// TestCountingCostsNoApply: what the quota controller writes into a ResourceQuota's status,
// at every Pod, costs nothing. What anybody did to the rest is put right, though it may look
// as it is wanted by now.
func TestCountingCostsNoApply(t *testing.T) {
	type change func(q *corev1.ResourceQuota)
	pods := func(amount string) change {
		return func(q *corev1.ResourceQuota) { q.Spec.Hard[corev1.ResourcePods] = resource.MustParse(amount) }
	}
	was := resource.MustParse("200")
	for name, tt := range map[string]struct {
		changes []change
		writes  int64
	}{
		"it is counted": {[]change{func(q *corev1.ResourceQuota) {
			q.Status.Used[home.Fenced()["configmaps"]] = resource.MustParse("1")
		}}, 0},
		"a label of another":       {[]change{func(q *corev1.ResourceQuota) { q.Labels["more"] = "yes" }}, 0},
		"a bound is raised":        {[]change{pods("7000")}, 1},
		"raised and lowered again": {[]change{pods("7000"), pods(was.String())}, 1},
		"a bound is removed":       {[]change{func(q *corev1.ResourceQuota) { delete(q.Spec.Hard, corev1.ResourcePods) }}, 1},
		"a label of ours is gone":  {[]change{func(q *corev1.ResourceQuota) { q.Labels = nil }}, 1},
		"its owners are wiped":     {[]change{func(q *corev1.ResourceQuota) { q.ManagedFields = []metav1.ManagedFieldsEntry{{}} }}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
			r := newTenants(s)
			settled(t, s, r)
			q := &corev1.ResourceQuota{}
			for _, change := range tt.changes {
				if err := s.Get(t.Context(), client.ObjectKey{Namespace: prefix + "alice", Name: home.Name}, q); err != nil {
					t.Fatal(err)
				}
				change(q)
				if err := s.Update(t.Context(), q, client.FieldOwner("somebody")); err != nil {
					t.Fatal(err)
				}
			}
			n := s.written(func() {
				if _, err := r.Reconcile(t.Context(), request("alice")); err != nil {
					t.Fatal(err)
				}
			})
			if n != tt.writes {
				t.Errorf("%d writes, want %d", n, tt.writes)
			}
			if err := s.Get(t.Context(), client.ObjectKeyFromObject(q), q); err != nil {
				t.Fatal(err)
			}
			if now := q.Spec.Hard[corev1.ResourcePods]; now.Cmp(was) != 0 {
				t.Errorf("pods are bounded at %s, want %s", now.String(), was.String())
			}
		})
	}
}

// TestWhatTheCacheDoesNotSayNeverHolds: of other kinds the cache keeps no owners.
func TestWhatTheCacheDoesNotSayNeverHolds(t *testing.T) {
	if holds([]byte(`{"spec":{"hard":{"pods":"1"}}}`), &corev1.ResourceQuota{}) {
		t.Error("an object without owners holds")
	}
}

// TestTheCacheKeepsTheOwnersOfFences: else each count would cost an apply again.
func TestTheCacheKeepsTheOwnersOfFences(t *testing.T) {
	for kind, o := range cacheOptions(&config.Config{}).ByObject {
		if _, ok := kind.(*corev1.ResourceQuota); !ok {
			continue
		}
		kept, err := o.Transform(&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: fieldManager}}}})
		if q, ok := kept.(*corev1.ResourceQuota); err != nil || !ok || len(q.ManagedFields) != 1 {
			t.Errorf("%v, %v", kept, err)
		}
		return
	}
	t.Error("no ResourceQuota is cached")
}
