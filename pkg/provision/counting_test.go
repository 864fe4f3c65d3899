package provision

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/provision/home"
)

func TestCounting(t *testing.T) {
	s := newServer(t, append(acme(), rootConfigMap(prefix+"alice"), alice())...)
	c := &counting{client: s, namespace: system}
	r := newTenants(s)
	r.counting = c
	bounded := func() bool {
		t.Helper()
		result, err := r.Reconcile(t.Context(), request("alice"))
		if err != nil {
			t.Fatal(err)
		}
		if !c.yes.Load() && result.RequeueAfter != countingLook {
			t.Errorf("comes back in %v", result.RequeueAfter)
		}
		var fence corev1.ResourceQuota
		if err := s.Get(t.Context(), client.ObjectKey{Namespace: prefix + "alice", Name: home.Name}, &fence); err != nil {
			t.Fatal(err)
		}
		_, found := fence.Spec.Hard[home.SessionCount]
		return found
	}
	ask := func() *corev1.ResourceQuota {
		t.Helper()
		if err := c.ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		q := &corev1.ResourceQuota{}
		if err := s.Get(t.Context(), client.ObjectKey{Namespace: system, Name: probe}, q); err != nil {
			t.Fatal(err)
		}
		return q
	}

	first := ask().Spec.Hard[home.SessionCount]
	if bounded() {
		t.Error("sessions are bounded before they are counted")
	}
	second := ask()
	if bound := second.Spec.Hard[home.SessionCount]; bound.Cmp(first) == 0 {
		t.Error("asking twice changed nothing, so nothing is counted anew")
	}
	s.count(t, second)
	if !bounded() {
		t.Error("sessions are not bounded though they are counted")
	}
	done := make(chan error, 1)
	go func() { done <- c.Start(t.Context()) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on asking")
	}
}
