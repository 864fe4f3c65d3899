package quota

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// memory is a Past of tests: what is gone, and since when it watches.
type memory struct {
	gone  map[types.UID]bool
	uses  map[types.UID][]Use
	since time.Time
}

func (m memory) Gone(uid types.UID) ([]Use, bool) { return m.uses[uid], m.gone[uid] }
func (m memory) Since() time.Time                 { return m.since }

func TestSettle(t *testing.T) {
	later := noon.Add(time.Minute)
	live := func(tenant, name, uid string) Observed {
		return Observed{Tenant: tenant, Key: key(name), UID: types.UID(uid), Amounts: one()}
	}
	over := func(tenant, name, uid string) Observed {
		return Observed{Tenant: tenant, Key: key(name), UID: types.UID(uid)}
	}
	tests := map[string]struct {
		spec     v1alpha1.QuotaLedgerSpec
		observed []Observed
		gone     map[types.UID]bool
		want     v1alpha1.QuotaLedgerSpec
	}{
		"an entry is confirmed": {
			spec:     ledger(settled("alice", "", entry("a", "u1", "1", later))),
			observed: []Observed{live("alice", "a", "u1")},
			want:     ledger(settled("alice", "1")),
		},
		"an entry that nothing confirms stays": {
			spec: ledger(settled("alice", "", entry("a", "u1", "1", later))),
			want: ledger(settled("alice", "", entry("a", "u1", "1", later))),
		},
		"an entry ends at its expiry": {
			spec: ledger(settled("alice", "", entry("a", "u1", "1", noon))),
			want: ledger(),
		},
		"an entry whose object was stored and deleted ends": {
			spec: ledger(settled("alice", "", entry("a", "u1", "1", later), entry("b", "u2", "1", later))),
			gone: map[types.UID]bool{"u1": true},
			want: ledger(settled("alice", "", entry("b", "u2", "1", later))),
		},
		"an object that ended confirms and holds nothing": {
			spec:     ledger(settled("alice", "1", entry("a", "u1", "1", later))),
			observed: []Observed{over("alice", "a", "u1")},
			want:     ledger(),
		},
		"settled is what is stored, whatever stood there": {
			spec:     ledger(settled("alice", "7"), settled("carol", "2")),
			observed: []Observed{live("alice", "a", "u1"), live("alice", "b", "u2")},
			want:     ledger(settled("alice", "2")),
		},
		"an entry on a stored object's key counts with it": {
			spec:     ledger(settled("alice", "1", entry("a", "u2", "1", later))),
			observed: []Observed{live("alice", "a", "u1")},
			want:     ledger(settled("alice", "", entry("a", "u2", "1", later))),
		},
		"at the larger amount": {
			spec: ledger(settled("alice", "3", entry("a", "u2", "1", later))),
			observed: []Observed{{Tenant: "alice", Key: key("a"), UID: "u1",
				Amounts: map[string]resource.Quantity{"sessions": q("3")}}},
			want: ledger(settled("alice", "", entry("a", "u2", "3", later))),
		},
		"a contender may still be stored": {
			spec:     ledger(settled("alice", "", entry("a", "u2", "1", later, "u1"))),
			observed: []Observed{live("alice", "a", "u2")},
			want:     ledger(settled("alice", "", entry("a", "u1", "1", later))),
		},
		"every contender is accounted for": {
			spec:     ledger(settled("alice", "", entry("a", "u2", "1", later, "u1"))),
			observed: []Observed{live("alice", "a", "u2")},
			gone:     map[types.UID]bool{"u1": true},
			want:     ledger(settled("alice", "1")),
		},
		"contenders end at the expiry": {
			spec:     ledger(settled("alice", "", entry("a", "u2", "1", noon, manyContenders))),
			observed: []Observed{live("alice", "a", "u2")},
			want:     ledger(settled("alice", "1")),
		},
		"nothing lives longer than an entry may": {
			spec: ledger(settled("alice", "", entry("a", "u1", "1", noon.Add(24*time.Hour)))),
			want: ledger(settled("alice", "", entry("a", "u1", "1", noon.Add(ttl+clockSlack)))),
		},
		"an object without an entry is found": {
			spec:     ledger(),
			observed: []Observed{live("carol", "z", "u9"), live("alice", "a", "u1")},
			want:     ledger(settled("alice", "1"), settled("carol", "1")),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := tt.spec.DeepCopy()
			by := Settlement{Observed: tt.observed, Past: memory{gone: tt.gone}, TTL: ttl, Now: noon}
			got := Settle(tt.spec, by)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(*before, tt.spec); diff != "" {
				t.Errorf("the argument was changed (-before +after):\n%s", diff)
			}
			if again := Settle(got, by); cmp.Diff(got, again) != "" {
				t.Errorf("settling twice differs (-once +twice):\n%s", cmp.Diff(got, again))
			}
		})
	}
}

func TestStandingOf(t *testing.T) {
	spec := ledger(settled("alice", "2", entry("a", "u1", "1", noon)), settled("carol", "5"))
	got := StandingOf(spec, "alice", "local:alice", nil)
	want := Standing{
		Used:     map[string]resource.Quantity{"sessions": q("2")},
		Reserved: map[string]resource.Quantity{"sessions": q("1")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	if empty := StandingOf(spec, "bob", "local:bob", nil); len(empty.Used)+len(empty.Reserved) != 0 {
		t.Errorf("a tenant without a section holds %v", empty)
	}
}
