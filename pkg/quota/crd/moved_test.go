package crd

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// TestWhoMovesKeepsHerWindows: what she used where she was counts once, told by the ledger
// there, by the objects that she brings along and by her Usage. Whoever rebuilds the ledger
// of where she is now, a settlement or the first reservation, comes to the same.
func TestWhoMovesKeepsHerWindows(t *testing.T) {
	const domain = "tenant/erin"
	day := quota.Limit{Amount: q("9"), Window: v1alpha1.WindowDay, Start: today}
	for name, tt := range map[string]struct {
		organization string
		usage        string
		want         string
	}{
		"from an organization":                 {v1alpha1.OrganizationIndividuals, "4", "4"},
		"and her Usage is ahead of the ledger": {v1alpha1.OrganizationIndividuals, "5", "5"},
		"and her Usage begins anew":            {v1alpha1.OrganizationIndividuals, "0", "4"},
	} {
		usage := &v1alpha1.Usage{ObjectMeta: metav1.ObjectMeta{Namespace: prefix + "erin", Name: v1alpha1.UsageName}, Status: v1alpha1.UsageStatus{
			User: "local:erin", Dimensions: []v1alpha1.UsageDimension{
				{Dimension: "session-starts", Used: q(tt.usage), Window: v1alpha1.WindowDay, WindowStart: &metav1.Time{Time: today}},
			}}}
		before := &v1alpha1.QuotaLedger{ObjectMeta: metav1.ObjectMeta{Name: "organization-acme"}, Spec: v1alpha1.QuotaLedgerSpec{
			Domain: "organization/acme", Sections: []v1alpha1.LedgerSection{{Tenant: "erin", Windows: []v1alpha1.LedgerWindow{
				{Owner: "local:erin", Dimension: "session-starts", Start: metav1.NewTime(today), Length: v1alpha1.WindowDay, Used: q("4")},
			}}}}}
		objects := []client.Object{member("erin", tt.organization), usage, before,
			made(session("erin", "a", researchv1.PhaseRunning), noon), made(session("erin", "b", researchv1.PhaseRunning), noon)}
		for _, by := range []string{"a settlement", "a reservation"} {
			c := builder(t, objects...).Build()
			l := openFull(c)
			used := func() string {
				var ledger v1alpha1.QuotaLedger
				if err := c.Get(t.Context(), client.ObjectKey{Name: quota.DomainName(domain)}, &ledger); err != nil {
					t.Fatal(err)
				}
				amount := quota.StandingOf(ledger.Spec, "erin", "local:erin", map[string]quota.Limit{"session-starts": day}).Used["session-starts"]
				return amount.String()
			}
			if by == "a reservation" {
				if d, err := l.Reserve(t.Context(), demand(domain, "erin", "c", 9)); err != nil || !d.Reserved() {
					t.Fatalf("%s: %+v, %v", name, d, err)
				}
				if got := used(); got != tt.want {
					t.Errorf("%s, after %s: used %s, want %s", name, by, got, tt.want)
				}
			}
			for range 2 {
				if _, err := l.Settle(t.Context(), domain, nil, nil); err != nil {
					t.Fatal(err)
				}
			}
			if got := used(); got != tt.want {
				t.Errorf("%s, after %s and a settlement: used %s, want %s", name, by, got, tt.want)
			}
		}
	}
}

// TestWhoMovedIsCountedWhereSheIs, also where the domain that she left is her own.
func TestWhoMovedIsCountedWhereSheIs(t *testing.T) {
	const own = "tenant/erin"
	c := builder(t, member("erin", v1alpha1.OrganizationIndividuals), session("erin", "a", researchv1.PhaseRunning)).Build()
	l := openFull(c)
	holds := func() string {
		t.Helper()
		spec, err := l.Settle(t.Context(), own, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		amount := quota.StandingOf(spec, "erin", "local:erin", nil).Used[dimensionSessions]
		return amount.String()
	}
	if got := holds(); got != "1" {
		t.Errorf("an individual holds %s, want 1", got)
	}
	var erin v1alpha1.Tenant
	if err := c.Get(t.Context(), client.ObjectKey{Name: "erin"}, &erin); err != nil {
		t.Fatal(err)
	}
	erin.Spec.Organization = "acme"
	if err := c.Update(t.Context(), &erin); err != nil {
		t.Fatal(err)
	}
	if got := holds(); got != "0" {
		t.Errorf("in her own domain she holds %s after she left it, want 0", got)
	}
}
