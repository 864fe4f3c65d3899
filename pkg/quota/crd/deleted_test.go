package crd

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// TestADeletedLedgerKeepsItsPromises: a place that was given to a create on its way is not
// given again because somebody deleted the ledger meanwhile. The ledger goes when nothing is on
// its way any more, and comes again by what is stored.
func TestADeletedLedgerKeepsItsPromises(t *testing.T) {
	const domain = "tenant/erin"
	now := noon
	c := builder(t, member("erin", v1alpha1.OrganizationIndividuals)).Build()
	l := open(c, func() time.Time { return now })
	there := func() bool {
		t.Helper()
		err := c.Get(t.Context(), client.ObjectKey{Name: quota.DomainName(domain)}, &v1alpha1.QuotaLedger{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
		return err == nil
	}
	settle := func() {
		t.Helper()
		spec, err := l.Settle(t.Context(), domain, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Domain != domain {
			t.Errorf("the ledger of %q is told to be nobody's", domain)
		}
	}
	reserve := func(name string) bool {
		t.Helper()
		d, err := l.Reserve(t.Context(), demand(domain, "erin", name, 1))
		if err != nil {
			t.Fatal(err)
		}
		return d.Reserved()
	}
	if !reserve("a") {
		t.Fatal("the only place was refused")
	}
	if err := c.Delete(t.Context(), ledgerOf(domain)); err != nil {
		t.Fatal(err)
	}
	settle()
	if reserve("b") {
		t.Error("the place of a create on its way was given again")
	}
	if _, err := l.Confirm(t.Context(), domain); !errors.Is(err, ErrAnew) {
		t.Errorf("confirmed in a ledger that goes: %v", err)
	}
	if err := c.Create(t.Context(), session("erin", "a", researchv1.PhaseRunning)); err != nil {
		t.Fatal(err)
	}
	settle()
	if there() {
		t.Error("nothing is on its way, and the ledger stays")
	}
	settle()
	if used, reserved := standing(t, c, domain, "erin"); used != 1 || reserved != 0 {
		t.Errorf("made again: used %d, reserved %d, want 1 and 0", used, reserved)
	}
	if reserve("b") {
		t.Error("the place of what is stored was given again")
	}

	// One that never comes is let go when it expires.
	if err := c.Delete(t.Context(), session("erin", "a", "")); err != nil {
		t.Fatal(err)
	}
	settle()
	if !reserve("c") {
		t.Fatal("the free place was refused")
	}
	if err := c.Delete(t.Context(), ledgerOf(domain)); err != nil {
		t.Fatal(err)
	}
	settle()
	now = now.Add(2 * time.Minute)
	settle()
	if there() {
		t.Error("all has expired, and the ledger stays")
	}
}

// TestALedgerFromBeforeIsGuarded: one without the finalizer gets it.
func TestALedgerFromBeforeIsGuarded(t *testing.T) {
	const domain = "tenant/erin"
	c := builder(t, member("erin", v1alpha1.OrganizationIndividuals), ledgerOf(domain)).Build()
	if _, err := open(c, nil).Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	var ledger v1alpha1.QuotaLedger
	if err := c.Get(t.Context(), client.ObjectKey{Name: quota.DomainName(domain)}, &ledger); err != nil {
		t.Fatal(err)
	}
	if len(ledger.Finalizers) != 1 || ledger.Finalizers[0] != Finalizer {
		t.Errorf("finalizers %v", ledger.Finalizers)
	}
}

// TestAStateThatCameBackIsAnother: while one settlement looks, another one enters an object that
// came and one that went. The sums are what they were, and yet the first one has not seen what
// came.
func TestAStateThatCameBackIsAnother(t *testing.T) {
	const domain = "tenant/erin"
	base := builder(t, member("erin", v1alpha1.OrganizationIndividuals), session("erin", "old", researchv1.PhaseRunning)).Build()
	other := open(base, nil)
	if _, err := other.Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(base.Delete(t.Context(), session("erin", "old", "")))
	var once sync.Once
	c := interceptor.NewClient(base, interceptor.Funcs{
		Update: func(ctx context.Context, w client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			once.Do(func() {
				d, err := other.Reserve(ctx, demand(domain, "erin", "new", 5))
				do(err)
				if !d.Reserved() {
					t.Error("refused")
				}
				do(base.Create(ctx, session("erin", "new", researchv1.PhaseRunning)))
				_, err = other.Settle(ctx, domain, nil, nil)
				do(err)
			})
			return w.Update(ctx, o, opts...)
		},
	})
	if _, err := open(c, nil).Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	if used, reserved := standing(t, base, domain, "erin"); used != 1 || reserved != 0 {
		t.Errorf("used %d, reserved %d, want 1 and 0", used, reserved)
	}
}
