package gate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
)

type oldFacts struct{ facts.Source }

func (oldFacts) Age(time.Time) time.Duration { return 11 * time.Second }

type noFacts struct{ facts.Source }

func (noFacts) Snapshot() *facts.Snapshot { return nil }

type unreachable struct{ facts.Source }

func (unreachable) Live(context.Context, string) (*facts.Home, error) {
	return nil, errors.New("connection refused")
}

type brokenOwners struct{}

func (brokenOwners) Owner(context.Context, review.Kind, string, string) (facts.Owner, error) {
	return facts.Owner{}, errors.New("connection refused")
}

type panicOwners struct{}

func (panicOwners) Owner(context.Context, review.Kind, string, string) (facts.Owner, error) {
	panic("owners")
}

type conflict struct{}

func (conflict) Reserve(context.Context, quota.Request) (quota.Decision, error) {
	return quota.Decision{}, quota.ErrConflict
}

func TestAnswersWhenSomethingIsMissing(t *testing.T) {
	mine := note("local:alice", review.Create, doc{"metadata": meta("n")}, nil)
	child := podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "ReplicaSet", "r", "uid"))
	for _, c := range []struct {
		name   string
		breaks func(*gate.Gate)
		call   call
		want   review.Outcome
	}{
		{"no facts", func(g *gate.Gate) { g.Facts = noFacts{g.Facts} }, mine, review.Retry},
		{"old facts", func(g *gate.Gate) { g.Facts = oldFacts{g.Facts} }, mine, review.Retry},
		{"no policies", func(g *gate.Gate) { g.Program = func() *engine.Program { return nil } }, mine, review.Retry},
		{"namespace unknown", func(*gate.Gate) {}, call{as: "local:alice", op: review.Delete, namespace: "claude-runner-user-new", kind: "ConfigMap", resource: "configmaps", old: doc{}}, review.Retry},
		{"namespace unreadable", func(g *gate.Gate) { g.Facts = unreachable{g.Facts} }, call{as: "local:alice", op: review.Delete, namespace: "claude-runner-user-new", kind: "ConfigMap", resource: "configmaps", old: doc{}}, review.Retry},
		{"owner unreadable", func(g *gate.Gate) { g.Owners = brokenOwners{} }, child, review.Retry},
		{"a panic", func(g *gate.Gate) { g.Owners = panicOwners{} }, child, review.Broken},
		{"positive control", func(*gate.Gate) {}, mine, review.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.breaks(w.gate)
			v, _ := w.write(c.call)
			if v.Outcome != c.want {
				t.Errorf("got %s, want %s: %s %s", v.Outcome, c.want, v.Message(), v.Reason)
			}
		})
	}
}

func session(name string) call {
	return call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, group: "research.example.com", kind: "ResearchSession", resource: "researchsessions",
		object: doc{"metadata": meta(name), "spec": doc{"prompt": "p", "websiteURL": "https://example.com"}}}
}

func TestLedgerConflictAsksForARetry(t *testing.T) {
	w := newWorld(t)
	w.gate.Ledger = conflict{}
	if v, _ := w.write(session("s")); v.Outcome != review.Retry {
		t.Errorf("got %s", v.Outcome)
	}
	w.gate.Ledger = nil
	v, _ := w.write(note("local:alice", review.Create, doc{"metadata": meta("n")}, nil))
	w.allowed(v) // what demands nothing never asks the ledger
}

func TestDryRunReservesNothing(t *testing.T) {
	w := newWorld(t)
	dry := session("dry")
	dry.dryRun = true
	for range 9 {
		v, _ := w.write(dry)
		w.allowed(v)
	}
	for _, name := range []string{"a", "b", "c"} {
		v, _ := w.write(session(name))
		w.allowed(v)
	}
	v, _ := w.write(session("d"))
	w.denied(v, "quota/sessions")
	v, _ = w.write(dry)
	w.denied(v, "quota/sessions")
}

func TestUnreadableObjectsAreDenied(t *testing.T) {
	w := newWorld(t)
	for _, raw := range []string{"[]", `"x"`, `{"metadata":{"name":"a","name":"b"}}`, "{"} {
		r := w.request(note("local:alice", review.Create, doc{"metadata": meta("n")}, nil), review.Validating)
		r.Object = []byte(raw)
		t.Run(raw, func(t *testing.T) { w.t = t; w.denied(w.gate.Handle(t.Context(), r), "identity/unreadable-object") })
	}
	for _, odd := range []doc{{}, {"metadata": nil}, {"metadata": "x"}, {"metadata": doc{"annotations": "x"}}, {"metadata": doc{"ownerReferences": "x"}}, {"metadata": doc{"labels": []any{}}}} {
		for _, phase := range []review.Phase{review.Mutating, review.Validating} {
			v := w.gate.Handle(t.Context(), w.request(note("local:bob", review.Create, odd, nil), phase))
			if phase == review.Validating && v.Outcome == review.Allowed {
				t.Errorf("bob's %v passed", odd)
			}
		}
	}
}

// asked keeps the last request and reserves.
type asked struct{ last quota.Request }

func (a *asked) Reserve(_ context.Context, r quota.Request) (quota.Decision, error) {
	a.last = r
	return quota.Decision{}, nil
}

// TestWhoMadeTheNameUp: a name that the API server makes up is free; one that a person
// chooses may be taken, whatever prefix she names beside it.
func TestWhoMadeTheNameUp(t *testing.T) {
	prefix := doc{"generateName": "s-"}
	for name, tt := range map[string]struct {
		named string // by the request
		want  bool
	}{
		"the API server": {"", true},
		"a person":       {"s-x7k2p", false},
	} {
		t.Run(name, func(t *testing.T) {
			w, ledger := newWorld(t), &asked{}
			w.gate.Ledger = ledger
			s := session("s-x7k2p")
			s.object["metadata"] = meta(tt.named, prefix)
			if tt.named == "" {
				delete(s.object["metadata"].(doc), "name")
			}
			r := w.request(s, review.Mutating)
			if v := w.gate.Handle(t.Context(), r); v.Outcome != review.Allowed {
				t.Fatalf("mutating: %s", v.Message())
			} else {
				s.object = w.apply(s.object, v.Patches)
			}
			// Validating is told the name, whoever made it up.
			s.object["metadata"].(doc)["name"] = "s-x7k2p"
			r = w.request(s, review.Validating)
			if v := w.gate.Handle(t.Context(), r); v.Outcome != review.Allowed {
				t.Fatalf("validating: %s", v.Message())
			}
			if ledger.last.Fresh != tt.want || ledger.last.Key.Name != "s-x7k2p" {
				t.Errorf("asked for %s, made up %v, want %v", ledger.last.Key.Name, ledger.last.Fresh, tt.want)
			}
		})
	}
}
