package crd

import (
	"context"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

func TestADryRunIsJudgedAndWritesNothing(t *testing.T) {
	c := builder(t, member("alice", "acme")).Build()
	l := open(c, nil)
	dry := demand("organization/acme", "alice", "dry", 1)
	dry.DryRun = true
	if d, err := l.Reserve(t.Context(), dry); err != nil || !d.Reserved() {
		t.Fatalf("dry run in an empty ledger: %+v, %v", d, err)
	}
	err := c.Get(t.Context(), client.ObjectKey{Name: quota.DomainName("organization/acme")}, &v1alpha1.QuotaLedger{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("a dry run made a ledger: %v", err)
	}
	if d, err := l.Reserve(t.Context(), demand("organization/acme", "alice", "real", 1)); err != nil || !d.Reserved() {
		t.Fatalf("the real one: %+v, %v", d, err)
	}
	if d, err := l.Reserve(t.Context(), dry); err != nil || d.Reserved() {
		t.Errorf("a dry run over the limit: %+v, %v", d, err)
	}
	if used, reserved := standing(t, c, "organization/acme", "alice"); used+reserved != 1 {
		t.Errorf("used %d, reserved %d after the dry runs", used, reserved)
	}
}

// TestADryRunLooksNowhereElse: settled, a domain of somebody's has a ledger, of nothing too,
// so that a flood of dry runs reads one object each and lists nothing.
func TestADryRunLooksNowhereElse(t *testing.T) {
	lists := 0
	c := builder(t, member("alice", "acme")).WithInterceptorFuncs(interceptor.Funcs{
		List: func(ctx context.Context, w client.WithWatch, list client.ObjectList, o ...client.ListOption) error {
			lists++
			return w.List(ctx, list, o...)
		},
	}).Build()
	l := open(c, nil)
	if _, err := l.Settle(t.Context(), "organization/acme", nil, nil); err != nil {
		t.Fatal(err)
	}
	lists = 0
	dry := demand("organization/acme", "alice", "dry", 1)
	dry.DryRun = true
	if d, err := l.Reserve(t.Context(), dry); err != nil || !d.Reserved() {
		t.Fatalf("%+v, %v", d, err)
	}
	if lists != 0 {
		t.Errorf("a dry run made %d lists", lists)
	}
	// Nobody's domain has none.
	if _, err := l.Settle(t.Context(), "organization/nobody", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), client.ObjectKey{Name: "organization-nobody"}, &v1alpha1.QuotaLedger{}); !apierrors.IsNotFound(err) {
		t.Errorf("a domain without a tenant has a ledger: %v", err)
	}
}

// TestAFloodOfDryRuns reads a ledger once a second, and refuses nobody from memory.
func TestAFloodOfDryRuns(t *testing.T) {
	const domain = "organization/acme"
	reads, now := 0, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	c := builder(t, member("alice", "acme")).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, w client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, is := o.(*v1alpha1.QuotaLedger); is {
				reads++
			}
			return w.Get(ctx, key, o, opts...)
		},
	}).Build()
	l, another := open(c, func() time.Time { return now }), open(c, nil)
	if _, err := l.Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	dry := demand(domain, "alice", "dry", 1)
	dry.DryRun = true
	expect := func(what string, reserved bool, wantReads int) {
		t.Helper()
		reads = 0
		if d, err := l.Reserve(t.Context(), dry); err != nil || d.Reserved() != reserved || reads != wantReads {
			t.Errorf("%s: %+v, %v after %d reads, want %v after %d", what, d, err, reads, reserved, wantReads)
		}
	}
	expect("the first", true, 1)
	expect("the next", true, 0)
	if d, err := another.Reserve(t.Context(), demand(domain, "alice", "real", 1)); err != nil || !d.Reserved() {
		t.Fatalf("%+v, %v", d, err)
	}
	expect("another process took the last place", true, 0)
	now = now.Add(dryAge)
	expect("a second later", false, 2)
	if _, err := l.Settle(t.Context(), domain, nil, memory{"alice-real": true}); err != nil {
		t.Fatal(err)
	}
	expect("given back, though memory says full", true, 1)
	if d, err := l.Reserve(t.Context(), demand(domain, "alice", "real", 1)); err != nil || !d.Reserved() {
		t.Fatalf("%+v, %v", d, err)
	}
	expect("this one took the last place", false, 2)
}

// TestNobodyIsAnsweredFromMemory: a request that comes again finds the entry that it left in
// what the last batch wrote; when that is gone meanwhile, it is written anew.
func TestNobodyIsAnsweredFromMemory(t *testing.T) {
	const domain = "organization/acme"
	c := builder(t, member("alice", "acme")).Build()
	l := open(c, nil)
	b := batches{ledger: l, of: map[string]*queue{}}
	again := demand(domain, "alice", "real", 1)
	ask := func(last *state) *state {
		t.Helper()
		at, lost, err := b.write(t.Context(), domain, []*asking{{ctx: t.Context(), Request: again, done: make(chan struct{})}}, last)
		if lost || err != nil {
			t.Fatal(lost, err)
		}
		return at
	}
	if _, err := l.Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	last := ask(nil)
	if err := c.DeleteAllOf(t.Context(), &v1alpha1.QuotaLedger{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	ask(last)
	stored := &v1alpha1.QuotaLedger{}
	if err := c.Get(t.Context(), client.ObjectKey{Name: "organization-acme"}, stored); err != nil {
		t.Fatal(err)
	}
	if len(stored.Spec.Sections) != 1 || len(stored.Spec.Sections[0].Entries) != 1 {
		t.Errorf("reserved, and stored %+v", stored.Spec.Sections)
	}
}
