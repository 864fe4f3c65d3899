package quota

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

var (
	noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	ttl  = 75 * time.Second
)

const sessions = "researchsessions.research.example.com"

func key(name string) Key {
	return Key{GroupResource: sessions, Namespace: "claude-runner-user-alice", Name: name}
}

func q(s string) resource.Quantity { return resource.MustParse(s) }

func one() map[string]resource.Quantity { return map[string]resource.Quantity{"sessions": q("1")} }

func upTo(dimension, amount string) map[string]Limit {
	return map[string]Limit{dimension: {Amount: q(amount)}}
}

func entry(name, uid, amount string, expires time.Time, contenders ...types.UID) v1alpha1.LedgerEntry {
	k := key(name)
	return v1alpha1.LedgerEntry{
		GroupResource: k.GroupResource, Namespace: k.Namespace, Name: k.Name, UID: types.UID(uid),
		Contenders: contenders,
		Amounts:    []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: q(amount)}},
		Expires:    metav1.NewTime(expires),
	}
}

func ledger(sections ...v1alpha1.LedgerSection) v1alpha1.QuotaLedgerSpec {
	return v1alpha1.QuotaLedgerSpec{Domain: "organization/acme", Sections: sections}
}

func settled(tenant, amount string, entries ...v1alpha1.LedgerEntry) v1alpha1.LedgerSection {
	s := v1alpha1.LedgerSection{Tenant: tenant, Entries: entries}
	if amount != "" {
		s.Settled = []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: q(amount)}}
	}
	return s
}

func TestReserve(t *testing.T) {
	end := noon.Add(ttl)
	base := Request{
		Domain: "organization/acme", Tenant: "alice", Key: key("a"), UID: "u1",
		Amounts: one(), Limits: upTo("sessions", "3"),
	}
	with := func(change func(*Request)) Request {
		r := base
		change(&r)
		return r
	}
	tests := map[string]struct {
		spec v1alpha1.QuotaLedgerSpec
		r    Request
		want v1alpha1.QuotaLedgerSpec
		no   []Exceeded
	}{
		"first": {
			spec: ledger(), r: base,
			want: ledger(settled("alice", "", entry("a", "u1", "1", end))),
		},
		"up to the limit": {
			spec: ledger(settled("alice", "1", entry("b", "u0", "1", end))), r: base,
			want: ledger(settled("alice", "1", entry("b", "u0", "1", end), entry("a", "u1", "1", end))),
		},
		"over the limit names used and reserved": {
			spec: ledger(settled("alice", "2", entry("b", "u0", "1", end))), r: base,
			no: []Exceeded{{Dimension: "sessions", Scope: ScopeTenant, Used: q("2"), Reserved: q("1"), Requested: q("1"), Limit: q("3")}},
		},
		"an expired entry still counts": {
			spec: ledger(settled("alice", "2", entry("b", "u0", "1", noon.Add(-time.Hour)))), r: base,
			no: []Exceeded{{Dimension: "sessions", Scope: ScopeTenant, Used: q("2"), Reserved: q("1"), Requested: q("1"), Limit: q("3")}},
		},
		"the same UID asks again": {
			spec: ledger(settled("alice", "2", entry("a", "u1", "1", end))), r: base,
			want: ledger(settled("alice", "2", entry("a", "u1", "1", end))),
		},
		"a second create of the name takes its place": {
			spec: ledger(settled("alice", "2", entry("a", "u0", "1", noon.Add(time.Second)))), r: base,
			want: ledger(settled("alice", "2", entry("a", "u1", "1", end, "u0"))),
		},
		"the larger amount stays": {
			spec: ledger(settled("alice", "", entry("a", "u0", "3", end))), r: base,
			want: ledger(settled("alice", "", entry("a", "u1", "3", end, "u0"))),
		},
		"the later expiry stays": {
			spec: ledger(settled("alice", "", entry("a", "u1", "1", end.Add(time.Minute)))), r: base,
			want: ledger(settled("alice", "", entry("a", "u1", "1", end.Add(time.Minute)))),
		},
		"a place taken over is judged by today's limit": {
			spec: ledger(settled("alice", "3", entry("a", "u0", "1", end))), r: base,
			no: []Exceeded{{Dimension: "sessions", Scope: ScopeTenant, Used: q("3"), Requested: q("1"), Limit: q("3")}},
		},
		"the organization's total binds jointly": {
			spec: ledger(settled("alice", "1"), settled("carol", "3", entry("z", "u9", "1", end))),
			r:    with(func(r *Request) { r.Totals = upTo("sessions", "5") }),
			no:   []Exceeded{{Dimension: "sessions", Scope: ScopeOrganization, Used: q("4"), Reserved: q("1"), Requested: q("1"), Limit: q("5")}},
		},
		"both limits are named": {
			spec: ledger(settled("alice", "3")),
			r:    with(func(r *Request) { r.Totals = upTo("sessions", "3") }),
			no: []Exceeded{
				{Dimension: "sessions", Scope: ScopeTenant, Used: q("3"), Requested: q("1"), Limit: q("3")},
				{Dimension: "sessions", Scope: ScopeOrganization, Used: q("3"), Requested: q("1"), Limit: q("3")},
			},
		},
		"one dimension over takes none": {
			spec: ledger(),
			r: with(func(r *Request) {
				r.Amounts = map[string]resource.Quantity{"sessions": q("1"), "memory": q("2Gi"), "cpu": q("500m")}
				r.Limits = map[string]Limit{"sessions": {Amount: q("3")}, "memory": {Amount: q("1Gi")}, "cpu": {Amount: q("1")}}
			}),
			no: []Exceeded{{Dimension: "memory", Scope: ScopeTenant, Requested: q("2Gi"), Limit: q("1Gi")}},
		},
		"nobody limits it": {
			spec: ledger(), r: with(func(r *Request) { r.Limits = nil }),
			no: []Exceeded{{Dimension: "sessions", Scope: ScopeTenant, Requested: q("1"), Missing: true}},
		},
		"nobody limits it, and nothing is asked": {
			spec: ledger(),
			r:    with(func(r *Request) { r.Limits, r.Amounts = nil, map[string]resource.Quantity{"sessions": q("0")} }),
			no:   []Exceeded{{Dimension: "sessions", Scope: ScopeTenant, Requested: q("0"), Missing: true}},
		},
		"only the total limits it": {
			spec: ledger(), r: with(func(r *Request) { r.Limits, r.Totals = nil, upTo("sessions", "1") }),
			want: ledger(settled("alice", "", entry("a", "u1", "1", end))),
		},
		"unlimited": {
			spec: ledger(settled("alice", "1000")),
			r:    with(func(r *Request) { r.Limits = map[string]Limit{"sessions": {Unlimited: true}} }),
			want: ledger(settled("alice", "1000", entry("a", "u1", "1", end))),
		},
		"a limit of zero": {
			spec: ledger(), r: with(func(r *Request) { r.Limits = map[string]Limit{"sessions": {}} }),
			no: []Exceeded{{Dimension: "sessions", Scope: ScopeTenant, Requested: q("1")}},
		},
		"less than nothing": {
			spec: ledger(), r: with(func(r *Request) { r.Amounts = map[string]resource.Quantity{"sessions": q("-1")} }),
			no: []Exceeded{{Dimension: "sessions", Scope: ScopeTenant, Requested: q("-1"), Limit: q("3")}},
		},
		"the platform is counted and not refused": {
			spec: ledger(settled("alice", "3")), r: with(func(r *Request) { r.Charge, r.Limits = true, nil }),
			want: ledger(settled("alice", "3", entry("a", "u1", "1", end))),
		},
		"another tenant's section is left alone": {
			spec: ledger(settled("carol", "3")), r: base,
			want: ledger(settled("carol", "3"), settled("alice", "", entry("a", "u1", "1", end))),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := tt.spec.DeepCopy()
			got, decision := Reserve(tt.spec, tt.r, noon, ttl)
			if diff := cmp.Diff(tt.no, decision.Exceeded); diff != "" {
				t.Errorf("exceeded (-want +got):\n%s", diff)
			}
			want := tt.want
			if tt.no != nil {
				want = *before
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(*before, tt.spec); diff != "" {
				t.Errorf("the argument was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestReserveKeepsContenders(t *testing.T) {
	spec := ledger()
	r := Request{Domain: "organization/acme", Tenant: "alice", Key: key("a"), Amounts: one(), Limits: upTo("sessions", "1")}
	for _, uid := range []string{"u1", "u2", "u1", "u3"} {
		r.UID = uid
		var decision Decision
		if spec, decision = Reserve(spec, r, noon, ttl); !decision.Reserved() {
			t.Fatalf("create %s of the same name was refused: %v", uid, decision)
		}
	}
	if diff := cmp.Diff(ledger(settled("alice", "", entry("a", "u3", "1", noon.Add(ttl), "u2", "u1"))), spec); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	for i := range 3 * maxContenders {
		r.UID = "loop-" + string(rune('a'+i))
		spec, _ = Reserve(spec, r, noon, ttl)
	}
	e := spec.Sections[0].Entries[0]
	if len(e.Contenders) != maxContenders+1 || e.Contenders[maxContenders] != manyContenders {
		t.Errorf("contenders of a retry loop: %v", e.Contenders)
	}
}

func TestExpiryNeverEndsEarly(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 500 * time.Millisecond, time.Second - 1} {
		at := noon.Add(d)
		if got := expiry(at); got.Time.Before(at) || got.Sub(at) >= time.Second {
			t.Errorf("expiry(%v) = %v", at, got)
		}
	}
}

func TestDomains(t *testing.T) {
	type split struct {
		Organization, Tenant string
		OK                   bool
	}
	for domain, want := range map[string]struct {
		name string
		split
	}{
		"organization/acme": {"organization-acme", split{"acme", "", true}},
		"tenant/erin":       {"tenant-erin", split{"", "erin", true}},
		"organization/":     {"organization-", split{}},
		"acme":              {"acme", split{}},
	} {
		var got split
		got.Organization, got.Tenant, got.OK = SplitDomain(domain)
		if diff := cmp.Diff(want.split, got); diff != "" {
			t.Errorf("SplitDomain(%q) (-want +got):\n%s", domain, diff)
		}
		if name := DomainName(domain); name != want.name {
			t.Errorf("DomainName(%q) = %q, want %q", domain, name, want.name)
		}
	}
}
