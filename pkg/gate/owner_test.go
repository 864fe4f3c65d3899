package gate_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
)

// cachedOwners is a cache that shows what the test says, whatever is live.
type cachedOwners map[string]facts.CachedOwner

func (c cachedOwners) Cached(kind review.Kind, namespace, name string) (facts.CachedOwner, bool) {
	o, ok := c[kind.Kind+" "+namespace+"/"+name]
	return o, ok
}

// noReads fails the test on a live read.
type noReads struct{ t *testing.T }

func (n noReads) Owner(context.Context, review.Kind, string, string) (facts.Owner, error) {
	n.t.Error("the owner was read live")
	return facts.Owner{}, facts.ErrNoOwner
}

// cachedWorld is a world with a cache that shows the Deployment web as given, and a count
// of where owners were found.
func cachedWorld(t *testing.T, web func(w *world) facts.CachedOwner) (*world, *[]string) {
	w := newWorld(t)
	w.make(deployment("web", 2))
	w.gate.OwnerCache = cachedOwners{"Deployment " + aliceNS + "/web": web(w)}
	looked := &[]string{}
	w.gate.OwnerLookup = func(source string) { *looked = append(*looked, source) }
	return w, looked
}

func sealsOn(d doc) facts.Seals {
	return facts.Seals{Passport: annotation(d, keyPassport), Correlation: annotation(d, keyCorrelation)}
}

// present is the live web as a cache shows it.
func present(w *world) facts.CachedOwner {
	o := w.sample.Objects["Deployment "+aliceNS+"/web"]
	return facts.CachedOwner{UID: o.UID, Seals: facts.Seals{Passport: o.Annotations[keyPassport], Correlation: o.Annotations[keyCorrelation]}}
}

func childOfWeb() call {
	return podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web"))
}

func TestCachedOwnerNeedsNoRead(t *testing.T) {
	w, looked := cachedWorld(t, present)
	w.gate.Owners = noReads{t}
	v, pod := w.write(childOfWeb())
	w.allowed(v)
	if diff := cmp.Diff(w.gate.OwnerCache.(cachedOwners)["Deployment "+aliceNS+"/web"].Seals, sealsOn(pod)); diff != "" {
		t.Errorf("the Pod carries something else (-owner +pod):\n%s", diff)
	}
	if v.Trace.Author != "local:alice" {
		t.Errorf("author %q", v.Trace.Author)
	}
	if diff := cmp.Diff([]string{gate.OwnerCached, gate.OwnerCached}, *looked); diff != "" {
		t.Errorf("looked up (-want +got):\n%s", diff)
	}
}

// An old ReplicaSet is scaled down under the bytes that it has, whatever its Deployment
// carries by now.
func TestChildThatKeepsItsBytesNeedsNoRead(t *testing.T) {
	w, looked := cachedWorld(t, present)
	v, old := w.write(replicaSet(kubeSystem+"deployment-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web")))
	w.allowed(v)
	shown := present(w)
	newer := w.make(deployment("web", 3))
	shown.Seals = sealsOn(newer)
	w.gate.OwnerCache = cachedOwners{"Deployment " + aliceNS + "/web": shown}
	*looked = nil
	scaled := w.apply(old, []review.Patch{{Op: "add", Path: "/spec/replicas", Value: 0}})
	c := replicaSet(kubeSystem+"deployment-controller", nil)
	c.op, c.object, c.old = review.Update, scaled, old
	v, stored := w.write(c)
	w.allowed(v)
	if sealsOn(stored) != sealsOn(old) || sealsOn(old) == shown.Seals {
		t.Error("the bytes changed, or there was nothing to keep")
	}
	if diff := cmp.Diff([]string{gate.OwnerCached, gate.OwnerCached}, *looked); diff != "" {
		t.Errorf("looked up (-want +got):\n%s", diff)
	}
}

// What a cache that lags says against a write is looked up live, and allowed there.
func TestStaleCacheCostsARead(t *testing.T) {
	revoked := func(w *world) facts.CachedOwner {
		o := present(w)
		o.Seals.Passport = "v1.k0" + o.Seals.Passport[5:] // an unknown key
		return o
	}
	foreign := func(w *world) facts.CachedOwner {
		o, p := present(w), passport.UserPassport{Audience: passport.AudienceAdmission, UserID: "local:bob", Namespace: aliceNS, CorrelationID: "c",
			Object: passport.Object{Kind: "Deployment", Group: "apps", Namespace: aliceNS, Name: "web"}, IssuedAt: 1}
		wire, err := w.keys.Sign(p)
		if err != nil {
			w.t.Fatal(err)
		}
		o.Seals = facts.Seals{Passport: wire, Correlation: "c"}
		return o
	}
	for name, shows := range map[string]func(*world) facts.CachedOwner{
		"another uid":     func(w *world) facts.CachedOwner { o := present(w); o.UID = "uid-before"; return o },
		"an unknown key":  revoked,
		"foreign by then": foreign,
	} {
		t.Run(name, func(t *testing.T) {
			w, looked := cachedWorld(t, shows)
			v, pod := w.write(childOfWeb())
			w.allowed(v)
			if sealsOn(pod) != present(w).Seals {
				t.Error("the Pod does not carry the owner's present bytes")
			}
			if diff := cmp.Diff([]string{gate.OwnerLive, gate.OwnerLive}, *looked); diff != "" {
				t.Errorf("looked up (-want +got):\n%s", diff)
			}
		})
	}
}

// Mutating and validating may be answered by replicas that see a rewrite at different
// times: neither order refuses an honest write, and no other bytes pass.
func TestTwoReplicasSeeARewriteApart(t *testing.T) {
	w, _ := cachedWorld(t, present)
	before := present(w)
	changed := deployment("web", 2)
	changed.op, changed.as, changed.groups = review.Update, "local:alice", []string{"gatehouse:users"}
	changed.old = doc{"metadata": meta("web", doc{"annotations": doc{keyPassport: before.Seals.Passport, keyCorrelation: before.Seals.Correlation}}), "spec": doc{"replicas": 1}}
	v, stored := w.write(changed)
	w.allowed(v)
	w.file("Deployment", stored)
	now := present(w)
	if now.Seals == before.Seals {
		t.Fatal("the rewrite minted nothing")
	}
	recent := now
	recent.Former = &before.Seals
	for name, c := range map[string]struct {
		mutating, validating facts.CachedOwner
		carries              facts.Seals
		rule                 string
	}{
		"both before":             {before, before, before.Seals, ""},
		"mutating lags":           {before, recent, before.Seals, ""},
		"validating lags":         {recent, before, now.Seals, ""},
		"neither":                 {recent, recent, now.Seals, ""},
		"mutating lags too long":  {before, now, before.Seals, "identity/passport-changed"},
		"validating knows it not": {now, facts.CachedOwner{}, now.Seals, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			caches := map[review.Phase]facts.CachedOwner{review.Mutating: c.mutating, review.Validating: c.validating}
			show := func(phase review.Phase) {
				w.gate.OwnerCache = cachedOwners{"Deployment " + aliceNS + "/web": caches[phase]}
			}
			call := childOfWeb()
			show(review.Mutating)
			v := w.gate.Handle(t.Context(), w.request(call, review.Mutating))
			w.allowed(v)
			call.object = w.apply(call.object, v.Patches)
			if sealsOn(call.object) != c.carries {
				t.Error("mutating put other bytes there")
			}
			show(review.Validating)
			v = w.gate.Handle(t.Context(), w.request(call, review.Validating))
			if c.rule == "" {
				w.allowed(v)
			} else {
				w.denied(v, c.rule)
			}
		})
	}
}

// Planted bytes are worth nothing, whatever the cache shows.
func TestPlantedBytesDoNotPassTheCache(t *testing.T) {
	w, _ := cachedWorld(t, present)
	bob := w.make(note("local:alice", review.Create, doc{"metadata": meta("n")}, nil))
	former := facts.Seals{Passport: "v1.k1.x.y", Correlation: "c"}
	shown := present(w)
	shown.Former = &former
	w.gate.OwnerCache = cachedOwners{"Deployment " + aliceNS + "/web": shown}
	for name, plant := range map[string]facts.Seals{
		"another object's": sealsOn(bob), "nothing": {}, "nonsense that the owner once had": former,
		"the owner's with another correlation": {Passport: shown.Seals.Passport, Correlation: "x"},
	} {
		c := childOfWeb()
		c.object["metadata"].(doc)["annotations"] = doc{keyPassport: plant.Passport, keyCorrelation: plant.Correlation}
		v := w.gate.Handle(t.Context(), w.request(c, review.Validating))
		w.denied(v, "identity/passport-changed")
		v, stored := w.write(c)
		w.allowed(v)
		if sealsOn(stored) != shown.Seals {
			t.Errorf("%s: mutating did not put it right", name)
		}
	}
}
