package gate_test

import (
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
)

func note(as string, op review.Operation, object, old doc) call {
	return call{as: as, groups: []string{"gatehouse:users"}, op: op, kind: "ConfigMap", resource: "configmaps", object: object, old: old}
}

func TestNoOpStaysANoOp(t *testing.T) {
	w := newWorld(t)
	stored := w.make(note("", review.Create, doc{"metadata": meta("n"), "data": doc{"a": "1"}}, nil))
	bare := doc{"metadata": meta("n"), "data": doc{"a": "1"}}
	for name, object := range map[string]doc{"as stored": stored, "without annotations": bare} {
		v, again := w.write(note("local:alice", review.Update, object, stored))
		w.allowed(v)
		if annotation(again, keyPassport) != annotation(stored, keyPassport) || annotation(again, keyCorrelation) != annotation(stored, keyCorrelation) {
			t.Errorf("%s: an update that changes nothing changed the annotations", name)
		}
	}
	v, changed := w.write(note("local:alice", review.Update, doc{"metadata": meta("n"), "data": doc{"a": "2"}}, stored))
	w.allowed(v)
	if annotation(changed, keyPassport) == annotation(stored, keyPassport) {
		t.Error("a change carries the old passport")
	}
}

func TestValidatingTrustsNothing(t *testing.T) {
	w := newWorld(t)
	stored := w.make(note("", review.Create, doc{"metadata": meta("n"), "data": doc{"a": "1"}}, nil))
	wire, correlation := annotation(stored, keyPassport), annotation(stored, keyCorrelation)
	with := func(name string, data string, annotations doc) doc {
		return doc{"metadata": meta(name, doc{"annotations": annotations}), "data": doc{"a": data}}
	}
	for _, c := range []struct {
		name string
		call call
		rule string
	}{
		{"create without one", note("local:alice", review.Create, with("n", "1", nil), nil), "identity/passport-missing"},
		{"create with another object's", note("local:alice", review.Create, with("m", "1", doc{keyPassport: wire, keyCorrelation: correlation}), nil), "identity/passport-wrong-object"},
		{"create with another correlation", note("local:alice", review.Create, with("n", "1", doc{keyPassport: wire, keyCorrelation: "x"}), nil), "identity/passport-wrong-correlation"},
		{"carol with alice's", note("local:carol", review.Create, with("n", "1", doc{keyPassport: wire, keyCorrelation: correlation}), nil), "identity/passport-wrong-author"},
		{"a change that drops it", note("local:alice", review.Update, with("n", "2", nil), stored), "identity/passport-missing"},
		{"a no-op that drops it", note("local:alice", review.Update, with("n", "1", nil), stored), "identity/passport-missing"},
		{"positive control", note("local:alice", review.Create, stored, nil), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := w.gate.Handle(t.Context(), w.request(c.call, review.Validating))
			if c.rule == "" {
				w.allowed(v)
			} else {
				w.denied(v, c.rule)
			}
		})
	}
	t.Run("an old one does not serve again", func(t *testing.T) {
		now := time.Now().Add(time.Hour)
		w.gate.Now = func() time.Time { return now }
		w.denied(w.gate.Handle(t.Context(), w.request(note("local:alice", review.Create, stored, nil), review.Validating)), "identity/passport-stale")
	})
}

func TestWhoSealsWhat(t *testing.T) {
	w := newWorld(t)
	admin := []string{"system:masters"}
	create := func(as string, groups []string, annotations doc) (review.Verdict, doc) {
		return w.write(call{as: as, groups: groups, op: review.Create, kind: "ConfigMap", resource: "configmaps",
			object: doc{"metadata": meta("n", doc{"annotations": annotations})}})
	}
	for _, c := range []struct {
		name, as string
		groups   []string
		marks    doc
		author   string
	}{
		{"owner", "local:alice", nil, nil, "local:alice"},
		{"organization admin", "local:carol", nil, nil, "local:carol"},
		{"deployer", "system:serviceaccount:" + aliceNS + ":deployer", nil, nil, "local:alice"},
		{"an account of hers", "system:serviceaccount:" + aliceNS + ":robot", nil, nil, "local:alice"},
		{"platform", "kubernetes-admin", admin, nil, "platform:kubernetes-admin"},
		{"platform sealing for the tenant", "kubernetes-admin", admin, doc{"gatehouse.dev/seal": "tenant"}, "local:alice"},
		{"alice asking to seal", "local:alice", nil, doc{"gatehouse.dev/seal": "tenant"}, "local:alice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, stored := create(c.as, c.groups, c.marks)
			w.allowed(v)
			if got := w.author(stored); got != c.author {
				t.Errorf("author %q, want %q", got, c.author)
			}
			if annotation(stored, "gatehouse.dev/seal") != "" {
				t.Error("the request to seal was stored")
			}
		})
	}
	for _, c := range []struct{ name, as string }{
		{"bob", "local:bob"}, {"bob's deployer", "system:serviceaccount:claude-runner-user-bob:deployer"},
		{"an issuer that nobody trusts", "other:alice"}, {"another case", "local:Alice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, _ := create(c.as, []string{"gatehouse:users"}, nil)
			rule := "isolation/tenant-membership"
			if c.as == "other:alice" {
				rule = "identity/unknown-caller"
			}
			w.denied(v, rule)
		})
	}
}

func TestEmailAsHash(t *testing.T) {
	const hash = "sha256:b29433513db8fe8794d5f0f2d1dac8661cc87dddef0704a36381cd638f2b8675"
	for asHash, want := range map[bool]string{false: "Alice@acme.example", true: hash} {
		w := newWorld(t)
		w.gate.EmailAsHash = asHash
		c := note("local:alice", review.Create, doc{"metadata": meta("n")}, nil)
		c.extra = map[string][]string{"gatehouse.dev/email": {"Alice@acme.example"}}
		v, stored := w.write(c)
		w.allowed(v)
		p, err := passport.Inspect(annotation(stored, keyPassport))
		if err != nil || p.Email != want {
			t.Errorf("as hash %v: email %q, %v", asHash, p.Email, err)
		}
	}
	w := newWorld(t)
	w.gate.EmailAsHash = true
	v, stored := w.write(note("local:alice", review.Create, doc{"metadata": meta("n")}, nil))
	w.allowed(v)
	if p, err := passport.Inspect(annotation(stored, keyPassport)); err != nil || p.Email != "" {
		t.Errorf("no address: email %q, %v", p.Email, err)
	}
}

func TestNoKeyAsksForARetry(t *testing.T) {
	w := newWorld(t)
	w.gate.Keys = func() *passport.Keyring { return nil }
	c := note("local:alice", review.Create, doc{"metadata": meta("n")}, nil)
	for _, phase := range []review.Phase{review.Mutating, review.Validating} {
		if v := w.gate.Handle(t.Context(), w.request(c, phase)); v.Outcome != review.Retry {
			t.Errorf("%s without a key: %s", phase, v.Outcome)
		}
	}
}
