package quota

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// world is an API server that stores what was admitted some time later, loses some of it,
// and never stores anything after the request's time is over.
type world struct {
	t      *testing.T
	rand   *rand.Rand
	now    time.Time
	spec   v1alpha1.QuotaLedgerSpec
	stored map[Key]Observed
	flying []flight
	gone   map[types.UID]bool
	// shown is what the watches show, which may be behind.
	shown map[types.UID]bool
	uids  int
}

type flight struct {
	tenant   string
	key      Key
	uid      types.UID
	deadline time.Time
}

const (
	perTenant = 3
	jointly   = 5
)

func (w *world) create() {
	tenant := []string{"alice", "carol", "frank"}[w.rand.IntN(3)]
	w.uids++
	f := flight{
		tenant: tenant,
		key:    Key{GroupResource: sessions, Namespace: tenant, Name: fmt.Sprint("s", w.rand.IntN(4))},
		uid:    types.UID(fmt.Sprint("u", w.uids)),
		// The slack between a request's end and its entry's expiry is the design's.
		deadline: w.now.Add(ttl - 10*time.Second),
	}
	next, decision := Reserve(w.spec, Request{
		Domain: w.spec.Domain, Tenant: tenant, Key: f.key, UID: string(f.uid), Amounts: one(),
		Limits: upTo("sessions", fmt.Sprint(perTenant)), Totals: upTo("sessions", fmt.Sprint(jointly)),
	}, w.now, ttl)
	w.spec = next
	if decision.Reserved() {
		w.flying = append(w.flying, f)
	}
}

// land stores one request in flight, or loses it to another's denial, to a name that is
// taken or to its deadline.
func (w *world) land() {
	if len(w.flying) == 0 {
		return
	}
	i := w.rand.IntN(len(w.flying))
	f := w.flying[i]
	w.flying = append(w.flying[:i], w.flying[i+1:]...)
	if _, taken := w.stored[f.key]; taken || w.now.After(f.deadline) || w.rand.IntN(4) == 0 {
		return
	}
	w.stored[f.key] = Observed{Tenant: f.tenant, Key: f.key, UID: f.uid, Amounts: one()}
}

func (w *world) remove() {
	for key, o := range w.stored {
		delete(w.stored, key)
		if w.rand.IntN(2) == 0 { // the watch has shown it, or not yet
			w.gone[o.UID] = true
			delete(w.shown, o.UID)
		}
		return
	}
}

// settle is atomic here: quota/crd's tests show that a ledger which changed in between
// makes the write fail.
func (w *world) settle() {
	var observed []Observed
	for _, o := range w.stored {
		observed = append(observed, o)
	}
	w.spec = Settle(w.spec, Settlement{Observed: observed, Past: memory{gone: w.gone}, TTL: ttl, Now: w.now})
}

// confirm goes by the watches, which have shown some of what came and show some that went.
func (w *world) confirm() {
	for _, o := range w.stored {
		if w.rand.IntN(2) == 0 {
			w.shown[o.UID] = true
		}
	}
	before := w.spec
	w.spec = Confirm(w.spec, func(e v1alpha1.LedgerEntry) bool { return w.shown[e.UID] }, w.now)
	for tenant, after := range sectionsOf(w.spec) {
		if !Explained(sectionsOf(before)[tenant], after, w.now, ttl) {
			w.t.Fatalf("confirmed %+v and had %+v, which nothing explains", after, sectionsOf(before)[tenant])
		}
	}
}

func sectionsOf(spec v1alpha1.QuotaLedgerSpec) map[string]v1alpha1.LedgerSection {
	out := map[string]v1alpha1.LedgerSection{}
	for _, s := range spec.Sections {
		out[s.Tenant] = s
	}
	return out
}

func (w *world) check(step int) {
	live := map[string]int{}
	for _, o := range w.stored {
		live[o.Tenant]++
	}
	if len(w.stored) > jointly {
		w.t.Fatalf("step %d: %d stored in all, limit %d; ledger %+v", step, len(w.stored), jointly, w.spec)
	}
	for tenant, n := range live {
		if n > perTenant {
			w.t.Fatalf("step %d: %d stored of %s, limit %d; ledger %+v", step, n, tenant, perTenant, w.spec)
		}
		standing := StandingOf(w.spec, tenant, tenant, nil)
		sum := standing.Used["sessions"].DeepCopy()
		sum.Add(standing.Reserved["sessions"])
		if sum.CmpInt64(int64(n)) < 0 {
			w.t.Fatalf("step %d: the ledger holds %s for %s, %d are stored", step, sum.String(), tenant, n)
		}
	}
}

func TestNeverAboveTheLimit(t *testing.T) {
	for seed := range uint64(300) {
		w := &world{
			t: t, rand: rand.New(rand.NewPCG(seed, 1)), now: noon,
			spec: ledger(), stored: map[Key]Observed{}, gone: map[types.UID]bool{}, shown: map[types.UID]bool{},
		}
		for step := range 400 {
			switch n := w.rand.IntN(22); {
			case n < 7:
				w.create()
			case n < 13:
				w.land()
			case n < 16:
				w.remove()
			case n < 18:
				w.settle()
			case n < 21:
				w.confirm()
			default:
				w.now = w.now.Add(time.Duration(w.rand.IntN(40)) * time.Second)
			}
			w.check(step)
		}
		// Whatever leaked is healed one expiry later.
		w.flying, w.now = nil, w.now.Add(ttl+time.Second)
		w.settle()
		sum := resource.Quantity{}
		for _, s := range w.spec.Sections {
			if len(s.Entries) > 0 {
				t.Fatalf("seed %d: entries outlived their expiry: %+v", seed, s.Entries)
			}
			sum.Add(fromList(s.Settled)["sessions"])
		}
		if sum.CmpInt64(int64(len(w.stored))) != 0 {
			t.Fatalf("seed %d: settled %s, stored %d", seed, sum.String(), len(w.stored))
		}
	}
}
