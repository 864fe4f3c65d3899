package session

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// lining is a session in the queue, made so long after noon.
func lining(name string, after time.Duration) *researchv1.ResearchSession {
	s := inPhase(researchv1.PhaseQueued)
	s.Name, s.UID, s.CreationTimestamp = name, types.UID("uid-"+name), metav1.NewTime(noon.Add(after))
	return s
}

// places is a ledger of so many.
type places struct {
	free  int
	taken []string
	err   error
}

func (p *places) promote(_ context.Context, s *researchv1.ResearchSession) (quota.Decision, error) {
	if p.err != nil {
		return quota.Decision{}, p.err
	}
	if p.free == 0 {
		return quota.Decision{Exceeded: []quota.Exceeded{{Dimension: "sessions", Scope: quota.ScopeTenant,
			Used: resource.MustParse("2"), Reserved: resource.MustParse("1"), Limit: resource.MustParse("3")}}}, nil
	}
	p.free--
	p.taken = append(p.taken, s.Name+" at "+s.ResourceVersion)
	return quota.Decision{}, nil
}

func (b *bench) look(name string) (researchv1.ResearchSessionStatus, reconcile.Result) {
	b.t.Helper()
	result, err := b.r.Reconcile(b.t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "ns", Name: name}})
	if err != nil {
		b.t.Fatal(err)
	}
	s := &researchv1.ResearchSession{}
	if err := b.client.Get(b.t.Context(), client.ObjectKey{Namespace: "ns", Name: name}, s); err != nil {
		b.t.Fatal(err)
	}
	return s.Status, result
}

func TestTheQueueGoesInOrder(t *testing.T) {
	b := newBench(t, lining("b", time.Minute), lining("a", time.Minute), lining("z", 0))
	ledger := &places{}
	b.r.Promote = ledger.promote

	first, result := b.look("z")
	if first.Phase != researchv1.PhaseQueued || !strings.Contains(first.Message, "limit 3 of sessions (tenant), used 3") || result.RequeueAfter != headPause {
		t.Errorf("the next one: %s %q, again after %s", first.Phase, first.Message, result.RequeueAfter)
	}
	ledger.free = 2
	if behind, result := b.look("b"); behind.Phase != researchv1.PhaseQueued || !strings.Contains(behind.Message, "2 before it") || result.RequeueAfter != queuePause {
		t.Errorf("one further behind: %s %q, again after %s", behind.Phase, behind.Message, result.RequeueAfter)
	}
	for _, name := range []string{"z", "a"} {
		if got, _ := b.look(name); got.Phase != researchv1.PhasePending {
			t.Errorf("%s: %s %q", name, got.Phase, got.Message)
		}
	}
	if got, _ := b.look("b"); got.Phase != researchv1.PhaseQueued {
		t.Errorf("b got a place that is not there: %s", got.Phase)
	}
	if len(ledger.taken) != 2 || !strings.HasPrefix(ledger.taken[0], "z at ") {
		t.Errorf("places went to %v", ledger.taken)
	}
	if next := b.r.next(t.Context(), lining("x", 0)); len(next) != 1 || next[0].Name != "b" {
		t.Errorf("the next one is %v", next)
	}
	if got, _ := b.look("z"); got.Phase != researchv1.PhaseCreating {
		t.Errorf("a promoted session: %s %q", got.Phase, got.Message)
	}
}

func TestWhoLeavesTheQueueHoldsNobodyUp(t *testing.T) {
	stopped := lining("a", 0)
	stopped.Spec.Stopped = ptr.To(true)
	b := newBench(t, stopped, lining("b", time.Minute))
	ledger := &places{free: 1}
	b.r.Promote = ledger.promote
	if got, _ := b.look("a"); got.Phase != researchv1.PhaseStopped {
		t.Errorf("a stopped one: %s %q", got.Phase, got.Message)
	}
	if got, _ := b.look("b"); got.Phase != researchv1.PhasePending {
		t.Errorf("the one behind it: %s %q", got.Phase, got.Message)
	}
	if len(ledger.taken) != 1 {
		t.Errorf("places went to %v", ledger.taken)
	}
}

func TestABusyLedgerIsAskedAgain(t *testing.T) {
	b := newBench(t, lining("a", 0))
	b.r.Promote = (&places{err: quota.ErrConflict}).promote
	if got, result := b.look("a"); got.Phase != researchv1.PhaseQueued || result.RequeueAfter != conflictPause {
		t.Errorf("%s, again after %s", got.Phase, result.RequeueAfter)
	}
}

func TestWhatGivesAPlaceBack(t *testing.T) {
	in := func(phase researchv1.Phase) *researchv1.ResearchSession { return inPhase(phase) }
	stopped := in(researchv1.PhaseQueued)
	stopped.Spec.Stopped = ptr.To(true)
	for name, tt := range map[string]struct {
		before, after *researchv1.ResearchSession
		want          bool
	}{
		"it ends":             {in(researchv1.PhaseRunning), in(researchv1.PhaseFailed), true},
		"it begins to run":    {in(researchv1.PhaseCreating), in(researchv1.PhaseRunning), false},
		"it is promoted":      {in(researchv1.PhaseQueued), in(researchv1.PhasePending), true},
		"it leaves the queue": {in(researchv1.PhaseQueued), stopped, true},
		"a chat message":      {in(researchv1.PhaseRunning), in(researchv1.PhaseRunning), false},
	} {
		if got := gives().Update(event.UpdateEvent{ObjectOld: tt.before, ObjectNew: tt.after}); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
