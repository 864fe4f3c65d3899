package crd

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

var (
	today = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	noon  = today.Add(12 * time.Hour)
)

func q(s string) resource.Quantity { return resource.MustParse(s) }

// full counts sessions and the day's, and what Pods request of CPU.
func full(context.Context, string) (quota.Account, error) {
	return quota.Account{
		Owner:  "local:erin",
		Limits: map[string]quota.Limit{"session-starts": {Amount: q("9"), Window: v1alpha1.WindowDay, Start: today}},
		Measure: func(_ context.Context, o quota.Object) (map[string]resource.Quantity, error) {
			out := map[string]resource.Quantity{}
			switch o.Kind {
			case "ResearchSession":
				var s researchv1.ResearchSession
				if err := json.Unmarshal(o.Raw, &s); err != nil {
					return nil, err
				}
				out["session-starts"] = q("1")
				if !s.Status.Phase.Terminal() {
					out[dimensionSessions] = q("1")
				}
			case "Pod":
				var p corev1.Pod
				if err := json.Unmarshal(o.Raw, &p); err != nil {
					return nil, err
				}
				for _, c := range p.Spec.Containers {
					out["cpu"] = c.Resources.Requests[corev1.ResourceCPU]
				}
			case "PersistentVolumeClaim":
				out["claims"] = q("1")
			}
			return out, nil
		},
	}, nil
}

func openFull(c client.Client) *Ledger {
	return New(Options{Client: c, NamespacePrefix: prefix, TTL: 75 * time.Second, Now: func() time.Time { return noon }, Account: full})
}

func made(s *researchv1.ResearchSession, at time.Time) *researchv1.ResearchSession {
	s.CreationTimestamp = metav1.NewTime(at)
	return s
}

func podOf(tenant, name, cpu string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: prefix + tenant, Name: name, UID: "pod-1"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: q(cpu)}}}}},
	}
}

// TestRebuild: a ledger that is lost comes back as it was: by what is stored, and for what
// is stored no more by what the tenant's Usage remembers.
func TestRebuild(t *testing.T) {
	yesterday := today.Add(-time.Hour)
	usage := &v1alpha1.Usage{ObjectMeta: metav1.ObjectMeta{Namespace: prefix + "erin", Name: v1alpha1.UsageName}, Status: v1alpha1.UsageStatus{
		User: "local:erin", Dimensions: []v1alpha1.UsageDimension{
			{Dimension: "session-starts", Used: q("5"), Window: v1alpha1.WindowDay, WindowStart: &metav1.Time{Time: today}},
			{Dimension: "sessions", Used: q("7")},
		}}}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: prefix + "erin", Name: "data", UID: "claim-1"}}
	c := builder(t, usage, claim, podOf("erin", "p", "1500m"), podOf("bob", "p", "64"),
		made(session("erin", "running", researchv1.PhaseRunning), noon), made(session("erin", "over", researchv1.PhaseFailed), noon),
		made(session("erin", "of-yesterday", researchv1.PhaseRunning), yesterday)).Build()
	l := openFull(c)
	const domain = "tenant/erin"
	spec, err := l.Settle(t.Context(), domain, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.QuotaLedgerSpec{Domain: domain, Sections: []v1alpha1.LedgerSection{{
		Tenant: "erin",
		Settled: []v1alpha1.LedgerAmount{
			{Dimension: "claims", Amount: q("1")}, {Dimension: "cpu", Amount: q("1500m")}, {Dimension: "sessions", Amount: q("2")},
		},
		Windows: []v1alpha1.LedgerWindow{{Owner: "local:erin", Dimension: "session-starts", Start: metav1.NewTime(today), Length: v1alpha1.WindowDay, Used: q("5")}},
	}}}
	times := cmpopts.IgnoreFields(v1alpha1.QuotaLedgerSpec{}, "Settlements")
	if diff := cmp.Diff(want, spec, times); diff != "" {
		t.Errorf("rebuilt (-want +got):\n%s", diff)
	}
	t.Run("and settles to the same", func(t *testing.T) {
		again, err := l.Settle(t.Context(), domain, nil, nil)
		if err != nil || cmp.Diff(spec, again) != "" {
			t.Errorf("%v\n%s", err, cmp.Diff(spec, again))
		}
	})
	t.Run("from what a person made of it", func(t *testing.T) {
		for name, harm := range map[string]func(*v1alpha1.QuotaLedgerSpec){
			"negative": func(s *v1alpha1.QuotaLedgerSpec) { s.Sections[0].Settled[2].Amount = q("-5") },
			"huge":     func(s *v1alpha1.QuotaLedgerSpec) { s.Sections[0].Settled[2].Amount = q("1e18") },
			"invented": func(s *v1alpha1.QuotaLedgerSpec) {
				s.Sections = append(s.Sections, v1alpha1.LedgerSection{Tenant: "mallory", Settled: []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: q("9")}}})
			},
			"another's": func(s *v1alpha1.QuotaLedgerSpec) { s.Domain = "organization/acme" },
		} {
			stored := &v1alpha1.QuotaLedger{}
			if err := c.Get(t.Context(), client.ObjectKey{Name: quota.DomainName(domain)}, stored); err != nil {
				t.Fatal(err)
			}
			harm(&stored.Spec)
			if err := c.Update(t.Context(), stored); err != nil {
				t.Fatal(err)
			}
			again, err := l.Settle(t.Context(), domain, nil, nil)
			if err != nil || cmp.Diff(spec, again, times) != "" {
				t.Errorf("%s: %v\n%s", name, err, cmp.Diff(spec, again, times))
			}
		}
	})
}

// TestOnlyTheNamedSectionsAreSettled: of whom nothing was heard, nothing is listed.
func TestOnlyTheNamedSectionsAreSettled(t *testing.T) {
	c := builder(t, member("alice", "acme"), member("carol", "acme"),
		session("alice", "a", researchv1.PhaseRunning), session("carol", "c", researchv1.PhaseRunning)).Build()
	l := open(c, nil)
	const domain = "organization/acme"
	if _, err := l.Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*researchv1.ResearchSession{session("alice", "a", ""), session("carol", "c", "")} {
		if err := c.Delete(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Settle(t.Context(), domain, map[string]bool{"alice": true}, nil); err != nil {
		t.Fatal(err)
	}
	a, _ := standing(t, c, domain, "alice")
	other, _ := standing(t, c, domain, "carol")
	if a != 0 || other != 1 {
		t.Errorf("alice holds %d and carol %d, want 0 and 1", a, other)
	}
}

// TestACreateOfATakenName: at the limit, the API server's AlreadyExists is the answer, not
// ours.
func TestACreateOfATakenName(t *testing.T) {
	c := builder(t, session("erin", "taken", researchv1.PhaseRunning)).Build()
	l := open(c, nil)
	const domain = "tenant/erin"
	if _, err := l.Settle(t.Context(), domain, nil, nil); err != nil {
		t.Fatal(err)
	}
	again := demand(domain, "erin", "taken", 1)
	for _, uid := range []string{"u1", "u2", "u3"} {
		again.UID = uid
		if d, err := l.Reserve(t.Context(), again); err != nil || !d.Reserved() {
			t.Errorf("create of a taken name: %+v, %v", d, err)
		}
	}
	if d, err := l.Reserve(t.Context(), demand(domain, "erin", "other", 1)); err != nil || d.Reserved() {
		t.Errorf("one more than the limit: %+v, %v", d, err)
	}
	if d, err := l.Reserve(t.Context(), demand(domain, "erin", "other", 2)); err != nil || !d.Reserved() {
		t.Errorf("the place beside it: %+v, %v", d, err)
	}
}

// TestNobodyLooksForAFreshName: what the API server made up is asked for nowhere, neither
// before a window is charged nor before a demand is refused.
func TestNobodyLooksForAFreshName(t *testing.T) {
	looked := 0
	c := builder(t).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, is := o.(*researchv1.ResearchSession); is {
				looked++
			}
			return c.Get(ctx, key, o, opts...)
		},
	}).Build()
	l := open(c, nil)
	for _, fresh := range []bool{false, true} {
		looked = 0
		r := demand("tenant/erin", "erin", "a", 0)
		r.Fresh = fresh
		if d, err := l.Reserve(t.Context(), r); err != nil || d.Reserved() {
			t.Errorf("over the limit: %+v, %v", d, err)
		}
		if (looked == 0) != fresh {
			t.Errorf("made up %v: looked %d times", fresh, looked)
		}
	}
}

func TestReportsReachTheWindows(t *testing.T) {
	c := builder(t).Build()
	l := openFull(c)
	report := quota.Report{
		Domain: "tenant/erin", Tenant: "erin", Owner: "local:erin", Reporter: "gateway-0", Sequence: 1,
		Amounts: map[string]resource.Quantity{"tokens": q("40")},
		Limits:  map[string]quota.Limit{"tokens": {Amount: q("1000"), Window: v1alpha1.WindowMonth, Start: today}},
	}
	for range 2 {
		if err := l.Enter(t.Context(), report); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := l.Settle(t.Context(), "tenant/erin", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	used := quota.StandingOf(spec, "erin", "local:erin", report.Limits).Used["tokens"]
	if used.Value() != 40 {
		t.Errorf("%s tokens, reported were 40", used.String())
	}
}
