package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/crd"
)

func TestNextSweep(t *testing.T) {
	open := func(version string, left ...time.Duration) v1alpha1.QuotaLedgerSpec {
		var s v1alpha1.LedgerSection
		for _, d := range left {
			s.Entries = append(s.Entries, v1alpha1.LedgerEntry{Version: version, Expires: metav1.NewTime(today.Add(d))})
		}
		return v1alpha1.QuotaLedgerSpec{Sections: []v1alpha1.LedgerSection{{}, s}}
	}
	for name, tt := range map[string]struct {
		spec v1alpha1.QuotaLedgerSpec
		want time.Duration
	}{
		"nothing open":      {open(""), whole},
		"an update":         {open("1", time.Minute), sweep},
		"the first of them": {open("", time.Minute, 4*time.Second), 4 * time.Second},
		"over":              {open("", -time.Hour), time.Second},
	} {
		if got := nextSweep(tt.spec, today); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// answers is a ledger that answers so; what it is asked to confirm it leaves as it was
// settled last.
type answers struct {
	settle    func(tenants map[string]bool) (v1alpha1.QuotaLedgerSpec, error)
	confirmed int
	uids      map[types.UID]bool
	last      v1alpha1.QuotaLedgerSpec
	rest      map[string]bool
	fails     error
}

func (a *answers) Settle(_ context.Context, _ string, tenants map[string]bool, _ quota.Past) (spec v1alpha1.QuotaLedgerSpec, err error) {
	a.last, err = a.settle(tenants)
	return a.last, err
}

func (a *answers) Confirm(context.Context, string) (crd.Confirmation, error) {
	a.confirmed++
	rest := maps.Clone(a.rest)
	if rest == nil {
		rest = map[string]bool{}
	}
	return crd.Confirmation{Spec: a.last, Confirmed: a.uids, Rest: rest}, a.fails
}

// settling is a settler whose ledger settles so.
func settling(settle func(tenants map[string]bool) (v1alpha1.QuotaLedgerSpec, error)) *settler {
	return newSettler(&answers{settle: settle}, func() time.Time { return today })
}

// openSince is a ledger in which alice's create is open for a minute.
func openSince(at time.Time) v1alpha1.QuotaLedgerSpec {
	return v1alpha1.QuotaLedgerSpec{Sections: []v1alpha1.LedgerSection{
		{Tenant: "alice", Entries: []v1alpha1.LedgerEntry{{Expires: metav1.NewTime(at.Add(time.Minute))}}}, {Tenant: "carol"},
	}}
}

// TestOnlyWhatChangedIsSettled: the first time all sections, then those of whom something
// was heard, again what failed, and those whose entries nobody confirmed when they expire.
func TestOnlyWhatChangedIsSettled(t *testing.T) {
	var asked []map[string]bool
	var fails error
	now := today
	r := newSettler(&answers{settle: func(tenants map[string]bool) (v1alpha1.QuotaLedgerSpec, error) {
		asked = append(asked, tenants)
		return openSince(today), fails
	}}, func() time.Time { return now })
	reconcileNow := func() { _, _ = r.Reconcile(t.Context(), request("organization/acme")) }
	reconcileNow()
	r.dirty.add("organization/acme", "carol")
	fails = errors.New("down")
	reconcileNow()
	fails = nil
	reconcileNow()
	reconcileNow()
	now = now.Add(time.Minute)
	reconcileNow()
	carol, alice := map[string]bool{"carol": true}, map[string]bool{"alice": true}
	if diff := cmp.Diff([]map[string]bool{nil, carol, carol, alice}, asked); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

func TestSettlerComesBack(t *testing.T) {
	down := errors.New("down")
	for name, tt := range map[string]struct {
		err, want error
		back      bool
	}{
		"settled":  {nil, nil, true},
		"conflict": {fmt.Errorf("settle: %w", quota.ErrConflict), nil, true},
		"down":     {down, down, false},
	} {
		r := settling(func(map[string]bool) (v1alpha1.QuotaLedgerSpec, error) { return v1alpha1.QuotaLedgerSpec{}, tt.err })
		result, err := r.Reconcile(t.Context(), request("organization/acme"))
		if !errors.Is(err, tt.want) || (result.RequeueAfter > 0) != tt.back {
			t.Errorf("%s: %v, %v", name, result, err)
		}
	}
}

// recorder keeps what is asked for, and how soon.
type recorder struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	asked []string
}

func (r *recorder) Add(q reconcile.Request) { r.asked = append(r.asked, q.Name) }
func (r *recorder) AddAfter(q reconcile.Request, d time.Duration) {
	r.asked = append(r.asked, q.Name+" after "+d.String())
}

func stored(uid types.UID, phase researchv1.Phase) *researchv1.ResearchSession {
	return &researchv1.ResearchSession{
		ObjectMeta: metav1.ObjectMeta{Namespace: prefix + "alice", Name: "a", UID: uid},
		Status:     researchv1.ResearchSessionStatus{Phase: phase},
	}
}

// resized is a Pod that has so much CPU of the one core that it asks for.
func resized(has string) *corev1.Pod {
	of := func(cpu string) *corev1.ResourceRequirements {
		return &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: prefix + "alice", Name: "p", UID: "u1", Generation: 2},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Resources: *of("1")}}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Name: "c", Resources: of(has)}}},
	}
}

// either hands an event to the handler of Tenants or to that of ledgers.
type either struct{ w *watched }

func (e either) of(o client.Object) handler.EventHandler {
	if _, ledger := o.(*v1alpha1.QuotaLedger); ledger {
		return e.w.ledgers()
	}
	return e.w.tenants()
}

func (e either) Create(ctx context.Context, c event.CreateEvent, q queue) {
	e.of(c.Object).Create(ctx, c, q)
}

func (e either) Update(ctx context.Context, c event.UpdateEvent, q queue) {
	e.of(c.ObjectNew).Update(ctx, c, q)
}

func (e either) Delete(ctx context.Context, c event.DeleteEvent, q queue) {
	e.of(c.Object).Delete(ctx, c, q)
}
func (e either) Generic(context.Context, event.GenericEvent, queue) {}

func TestWhatAsksForASettlement(t *testing.T) {
	const soon, late, expired = "organization/acme after 200ms", "organization/acme after 15s", "organization/acme after 1s"
	const strange = "organization/acme after 3s"
	edited := acmeLedger("2")
	edited.Spec.Sections = []v1alpha1.LedgerSection{{Tenant: "alice", Settled: []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: resource.MustParse("7")}}}}
	moved := alice()
	moved.Spec.Organization = v1alpha1.OrganizationIndividuals
	d := domains{Reader: newServer(t, alice()), prefix: prefix}
	tests := map[string]struct {
		on   func(h, tenants handler.EventHandler, q queue)
		want []string
		gone types.UID
	}{
		"a session comes": {on: func(h, _ handler.EventHandler, q queue) {
			h.Create(t.Context(), event.CreateEvent{Object: stored("u1", "")}, q)
		}, want: []string{soon}},
		"one that ended already": {on: func(h, _ handler.EventHandler, q queue) {
			h.Create(t.Context(), event.CreateEvent{Object: stored("u1", researchv1.PhaseFailed)}, q)
		}, want: []string{soon}},
		"a Pod has what it asked for": {on: func(h, _ handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: resized("2"), ObjectNew: resized("1")}, q)
		}, want: []string{soon}},
		"a session goes": {on: func(h, _ handler.EventHandler, q queue) {
			h.Delete(t.Context(), event.DeleteEvent{Object: stored("u1", "")}, q)
		}, want: []string{soon}, gone: "u1"},
		"a session ends": {on: func(h, _ handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: stored("u1", researchv1.PhaseRunning), ObjectNew: stored("u1", researchv1.PhaseFailed)}, q)
		}, want: []string{soon}},
		"a chat message": {on: func(h, _ handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: stored("u1", researchv1.PhaseRunning), ObjectNew: stored("u1", researchv1.PhaseRunning)}, q)
		}},
		"another session of the name": {on: func(h, _ handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: stored("u1", researchv1.PhaseRunning), ObjectNew: stored("u2", researchv1.PhaseRunning)}, q)
		}, want: []string{soon}, gone: "u1"},
		"a session of nobody's": {on: func(h, _ handler.EventHandler, q queue) {
			s := stored("u1", "")
			s.Namespace = "default"
			h.Create(t.Context(), event.CreateEvent{Object: s}, q)
		}},
		"a tenant moves": {on: func(_, h handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: alice(), ObjectNew: moved}, q)
		}, want: []string{soon, "tenant/alice after 200ms"}},
		"a tenant changes otherwise": {on: func(_, h handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: alice(), ObjectNew: alice()}, q)
		}},
		"a session starts": {on: func(h, _ handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: stored("u1", researchv1.PhasePending), ObjectNew: stored("u1", researchv1.PhaseRunning)}, q)
		}, want: []string{late}},
		"a place for one that waits": {on: func(h, _ handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: stored("u1", researchv1.PhaseQueued), ObjectNew: stored("u1", researchv1.PhasePending)}, q)
		}, want: []string{soon}},
		"a ledger is as it was": {on: func(_, h handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: acmeLedger("1"), ObjectNew: acmeLedger("2")}, q)
		}, want: []string{expired}},
		"a ledger is edited": {on: func(_, h handler.EventHandler, q queue) {
			h.Update(t.Context(), event.UpdateEvent{ObjectOld: acmeLedger("1"), ObjectNew: edited}, q)
		}, want: []string{strange}},
		"a ledger is deleted": {on: func(_, h handler.EventHandler, q queue) {
			h.Delete(t.Context(), event.DeleteEvent{Object: acmeLedger("1")}, q)
		}, want: []string{soon}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := &recorder{}
			w := &watched{domains: d, settler: settling(nil)}
			tt.on(w.objects(), either{w}, q)
			if diff := cmp.Diff(tt.want, q.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			for _, uid := range []types.UID{"u1", "u2"} {
				if _, gone := w.past.Gone(uid); gone != (uid == tt.gone) {
					t.Errorf("%s gone: %v", uid, gone)
				}
			}
		})
	}
}

// TestOwnWritesAreNoEdits: what a settlement wrote is not settled once more when it is seen,
// unless somebody brings it back later, or takes a section away.
func TestOwnWritesAreNoEdits(t *testing.T) {
	const domain = "organization/acme"
	of := func(used string) *v1alpha1.QuotaLedger {
		l := acmeLedger(used)
		l.Spec.Sections[0].Entries = nil
		return l
	}
	nobody := of("1")
	nobody.Spec.Sections = nil
	w := &watched{settler: settling(func(map[string]bool) (v1alpha1.QuotaLedgerSpec, error) { return of("2").Spec, nil })}
	if _, err := w.Reconcile(t.Context(), request(domain)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what          string
		before, after *v1alpha1.QuotaLedger
		want          time.Duration
	}{
		{"its own write", of("1"), of("2"), whole},
		{"somebody edits it", of("2"), of("7"), strange},
		{"somebody brings it back", of("7"), of("2"), strange},
		{"somebody takes it away", of("2"), nobody, strange},
	} {
		if got := w.changed(domain, step.before, step.after); got != step.want {
			t.Errorf("%s: looked at after %s, want %s", step.what, got, step.want)
		}
	}
}

// TestAnEditIsToldOf: and what a settlement wrote, though it was seen before the settlement
// came back, is not; nor is what somebody wrote into another section meanwhile taken for its.
func TestAnEditIsToldOf(t *testing.T) {
	const domain = "organization/acme"
	now := today
	section := func(name, used string) v1alpha1.LedgerSection {
		return v1alpha1.LedgerSection{Tenant: name, Settled: []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: resource.MustParse(used)}}}
	}
	ledger := func(sections ...v1alpha1.LedgerSection) *v1alpha1.QuotaLedger {
		return &v1alpha1.QuotaLedger{ObjectMeta: metav1.ObjectMeta{Name: "organization-acme"}, Spec: v1alpha1.QuotaLedgerSpec{Domain: domain, Sections: sections}}
	}
	stored, settled := ledger(section("alice", "1"), section("carol", "1")), 0
	recorder := events.NewFakeRecorder(10)
	meanwhile := func() {}
	r := newSettler(&answers{settle: func(map[string]bool) (v1alpha1.QuotaLedgerSpec, error) {
		settled++
		meanwhile()
		return *stored.Spec.DeepCopy(), nil
	}}, func() time.Time { return now })
	r.told = recorder
	w := &watched{settler: r}
	reconcileNow := func() {
		t.Helper()
		if _, err := r.Reconcile(t.Context(), request(domain)); err != nil {
			t.Fatal(err)
		}
	}
	// The first settlement's write is seen before it came back.
	meanwhile = func() { w.changed(domain, ledger(), stored) }
	reconcileNow()
	meanwhile = func() {}
	now = now.Add(strange)
	reconcileNow()
	if settled != 1 || len(recorder.Events) != 0 {
		t.Fatalf("%d settlements and %d events by our own write, want 1 and 0", settled, len(recorder.Events))
	}
	// Somebody edits carol's section, and a settlement of alice's writes it with hers.
	edited := ledger(section("alice", "1"), section("carol", "9"))
	before := stored
	stored = edited
	r.dirty.add(domain, "alice")
	reconcileNow()
	w.changed(domain, before, edited)
	stored = before
	now = now.Add(strange)
	reconcileNow()
	if len(recorder.Events) != 1 {
		t.Fatalf("%d events, want one", len(recorder.Events))
	}
	if got := <-recorder.Events; got != "Warning Repaired somebody changed what is said of carol; it is what is stored again" {
		t.Errorf("told %q", got)
	}
}

func TestWhoseUsageALedgerChanges(t *testing.T) {
	before, after := acmeLedger("1"), acmeLedger("1")
	section := func(name, used string) v1alpha1.LedgerSection {
		return v1alpha1.LedgerSection{Tenant: name, Settled: []v1alpha1.LedgerAmount{{Dimension: "sessions", Amount: resource.MustParse(used)}}}
	}
	before.Spec.Sections = append(before.Spec.Sections, section("carol", "1"), section("frank", "1"))
	after.Spec.Sections = append(after.Spec.Sections, section("carol", "2"))
	q := &recorder{}
	sectionHandler().Update(t.Context(), event.UpdateEvent{ObjectOld: before, ObjectNew: after}, q)
	if diff := cmp.Diff([]string{"carol after 500ms", "frank after 500ms"}, q.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestThePastIsBounded(t *testing.T) {
	p := &past{}
	for n := range pastSize + 10 {
		p.add(types.UID(fmt.Sprint(n)), nil)
		p.add(types.UID(fmt.Sprint(n)), nil)
	}
	has := func(uid string) bool { _, gone := p.Gone(types.UID(uid)); return gone }
	if len(p.uses) != pastSize || has("9") || !has("10") || !has(fmt.Sprint(pastSize+9)) {
		t.Errorf("%d remembered; first %v, eleventh %v", len(p.uses), has("9"), has("10"))
	}
}

func TestContentChanged(t *testing.T) {
	quotaOf := func(change func(*corev1.ResourceQuota)) client.Object {
		q := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "gatehouse", ResourceVersion: "1"}}
		q.Spec.Hard = corev1.ResourceList{"secrets": {}}
		change(q)
		return q
	}
	for name, tt := range map[string]struct {
		change func(*corev1.ResourceQuota)
		want   bool
	}{
		"counted": {func(q *corev1.ResourceQuota) { q.ResourceVersion, q.Status.Used = "2", corev1.ResourceList{"pods": {}} }, false},
		"counted at all": {func(q *corev1.ResourceQuota) {
			q.Status.Hard, q.Status.Used = q.Spec.Hard, corev1.ResourceList{"secrets": {}}
		}, true},
		"bounds":   {func(q *corev1.ResourceQuota) { q.Spec.Hard = corev1.ResourceList{"pods": {}} }, true},
		"labels":   {func(q *corev1.ResourceQuota) { q.Labels = map[string]string{"a": "b"} }, true},
		"deletion": {func(q *corev1.ResourceQuota) { q.DeletionTimestamp = &metav1.Time{Time: today} }, true},
	} {
		e := event.UpdateEvent{ObjectOld: quotaOf(func(*corev1.ResourceQuota) {}), ObjectNew: quotaOf(tt.change)}
		if got := contentChanged().Update(e); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
