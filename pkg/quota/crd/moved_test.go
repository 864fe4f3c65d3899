package crd

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
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

// TestADeviceThatMovesIsChargedOnce: what a Pod used until its tenant's settlement after the move
// stays where she was, the rest counts where she is, and all of it against her.
func TestADeviceThatMovesIsChargedOnce(t *testing.T) {
	const own, acme = "tenant/erin", "organization/acme"
	pod := podOf("erin", "train", "1")
	pod.Spec.Containers[0].Resources.Requests["nvidia.com/gpu"] = q("2")
	pod.Status.StartTime = &metav1.Time{Time: noon}
	c := builder(t, member("erin", v1alpha1.OrganizationIndividuals), pod).Build()
	now := noon
	l := New(Options{Client: c, NamespacePrefix: prefix, TTL: 75 * time.Second, Now: func() time.Time { return now }, Account: full,
		Others: func(ctx context.Context, domain string) []v1alpha1.LedgerSection {
			var all v1alpha1.QuotaLedgerList
			if err := c.List(ctx, &all); err != nil {
				t.Error(err)
			}
			return Sections(&all, domain)
		}})
	month := map[string]quota.Limit{gpu.Dimension: {Window: v1alpha1.WindowMonth, Start: quota.Calendar{}.Start(v1alpha1.WindowMonth, noon)}}
	// settle settles a domain at so many seconds after noon and gives what counts against her there.
	settle := func(domain string, seconds int) string {
		t.Helper()
		now = noon.Add(time.Duration(seconds) * time.Second)
		spec, err := l.Settle(t.Context(), domain, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		used := quota.StandingOf(spec, "erin", "local:erin", month).Used[gpu.Dimension]
		return used.String()
	}
	var erin v1alpha1.Tenant
	steps := []struct {
		domain  string
		seconds int
		want    string
	}{
		{own, 100, "200"},
		{acme, 110, "20"}, // what she left is not told yet
		{own, 120, "220"}, // until now, but for what is charged there
		{acme, 120, "240"},
		{acme, 200, "400"},
		{own, 300, "220"},
	}
	for i, step := range steps {
		if i == 1 {
			if err := c.Get(t.Context(), client.ObjectKey{Name: "erin"}, &erin); err != nil {
				t.Fatal(err)
			}
			erin.Spec.Organization = "acme"
			if err := c.Update(t.Context(), &erin); err != nil {
				t.Fatal(err)
			}
		}
		if got := settle(step.domain, step.seconds); got != step.want {
			t.Errorf("%s after %d s: %s device seconds, want %s", step.domain, step.seconds, got, step.want)
		}
	}
}
