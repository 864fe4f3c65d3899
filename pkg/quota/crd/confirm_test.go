package crd

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
)

// TestConfirm: what the watches show is confirmed, and nothing is listed for it.
func TestConfirm(t *testing.T) {
	const domain = "organization/acme"
	stored := builder(t, member("alice", "acme"), member("carol", "acme"), member("dora", "acme"), member("moved", "globex"))
	c := stored.WithInterceptorFuncs(interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
		return errors.New("somebody lists")
	}}).Build()
	l := New(Options{Client: c, Watched: c, NamespacePrefix: prefix, TTL: 75 * time.Second, Account: account})
	if _, err := l.Confirm(t.Context(), domain); !errors.Is(err, ErrAnew) {
		t.Fatalf("no ledger: %v, want ErrAnew", err)
	}
	if err := c.Create(t.Context(), ledgerOf(domain)); err != nil {
		t.Fatal(err)
	}
	device := quota.Request{
		Domain: domain, Tenant: "carol", Owner: "local:carol", UID: "pod-1", Key: quota.Key{GroupResource: "pods", Namespace: prefix + "carol", Name: "p"},
		Amounts: map[string]resource.Quantity{gpu.Dimension: q("60")},
		Limits:  map[string]quota.Limit{gpu.Dimension: {Amount: q("600"), Window: v1alpha1.WindowMonth, Start: today}},
	}
	for _, r := range []quota.Request{demand(domain, "alice", "stored", 9), demand(domain, "alice", "on-its-way", 9), demand(domain, "moved", "stored", 9), demand(domain, "dora", "failed", 9), device} {
		if d, err := l.Reserve(t.Context(), r); err != nil || !d.Reserved() {
			t.Fatalf("%s: %v, %v", r.Key.Name, d, err)
		}
	}
	other := session("alice", "on-its-way", researchv1.PhaseRunning)
	other.UID = "another's"
	for _, o := range []client.Object{session("alice", "stored", researchv1.PhaseRunning), other, session("moved", "stored", researchv1.PhaseRunning), session("dora", "failed", researchv1.PhaseFailed), podOf("carol", "p", "1")} {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	confirmation, err := l.Confirm(t.Context(), domain)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[types.UID]bool{"alice-stored": true}, confirmation.Confirmed); diff != "" {
		t.Errorf("confirmed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"carol": true, "dora": true}, confirmation.Rest); diff != "" {
		t.Errorf("to be settled (-want +got):\n%s", diff)
	}
	open := map[string]int{}
	for _, s := range confirmation.Spec.Sections {
		open[s.Tenant] = len(s.Entries)
	}
	if diff := cmp.Diff(map[string]int{"alice": 1, "moved": 1, "carol": 1, "dora": 1}, open); diff != "" {
		t.Errorf("open (-want +got):\n%s", diff)
	}
	if used, reserved := standing(t, c, domain, "alice"); used != 1 || reserved != 1 {
		t.Errorf("alice holds %d and %d more, want 1 and 1", used, reserved)
	}
}
