package gate_test

import (
	"cmp"
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/test/conformance"
)

const aliceNS = "claude-runner-user-alice"

// world is the sample platform with a gate in front.
type world struct {
	t      *testing.T
	sample *conformance.Sample
	gate   *gate.Gate
	keys   *passport.Keyring
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sample, err := conformance.LoadSample("../..")
	if err != nil {
		t.Fatal(err)
	}
	g, keys, err := conformance.NewGate(sample)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, sample: sample, gate: g, keys: keys}
}

type doc = map[string]any

// call is one write; JSON is built from plain maps.
type call struct {
	as          string
	groups      []string
	extra       map[string][]string
	op          review.Operation
	group, kind string
	// kindGroup is the kind's where it is not the resource's, as with scale.
	kindGroup   string
	resource    string
	sub         string
	object, old doc
	namespace   string
	// entry is review.EntryTenant unless set; a cluster-scoped object has no namespace.
	entry  review.Entry
	dryRun bool
}

func (w *world) request(c call, phase review.Phase) review.Request {
	w.t.Helper()
	ns := c.namespace
	entry := c.entry
	if entry == "" {
		entry = review.EntryTenant
	}
	if ns == "" && (entry == review.EntryTenant || entry == review.EntryGuests) {
		ns = aliceNS
	}
	r := review.Request{
		Phase: phase, Entry: entry, UID: "u",
		Kind:        review.Kind{Group: cmp.Or(c.kindGroup, c.group), Version: "v1", Kind: c.kind},
		Resource:    review.Resource{Group: c.group, Version: "v1", Resource: c.resource},
		SubResource: c.sub, Namespace: ns, Operation: c.op, DryRun: c.dryRun,
		Subject: review.Subject{Username: c.as, Groups: c.groups, Extra: c.extra},
	}
	r.Object, r.OldObject = w.bytes(c.object), w.bytes(c.old)
	for _, d := range []doc{c.object, c.old} {
		if m, ok := d["metadata"].(doc); ok && r.Name == "" {
			r.Name, _ = m["name"].(string)
		}
	}
	return r
}

func (w *world) bytes(d doc) json.RawMessage {
	if d == nil {
		return nil
	}
	raw, err := json.Marshal(d)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// write carries a call through both phases and gives the object as it would be stored.
func (w *world) write(c call) (review.Verdict, doc) {
	w.t.Helper()
	object := c.object
	if c.op == review.Create || c.op == review.Update {
		v := w.gate.Handle(w.t.Context(), w.request(c, review.Mutating))
		if v.Outcome != review.Allowed {
			return v, nil
		}
		object = w.apply(c.object, v.Patches)
	}
	c.object = object
	return w.gate.Handle(w.t.Context(), w.request(c, review.Validating)), object
}

func (w *world) apply(object doc, patches []review.Patch) doc {
	w.t.Helper()
	if len(patches) == 0 {
		return object
	}
	raw, err := json.Marshal(patches)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := jsonpatch.DecodePatch(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := p.Apply(w.bytes(object))
	if err != nil {
		w.t.Fatalf("patch %s: %v", raw, err)
	}
	var d doc
	if err := json.Unmarshal(out, &d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

func annotation(d doc, key string) string {
	m, _ := d["metadata"].(doc)
	a, _ := m["annotations"].(doc)
	s, _ := a[key].(string)
	return s
}

const (
	keyPassport    = "gatehouse.dev/passport"
	keyCorrelation = "gatehouse.dev/correlation-id"
)

// make creates an object as alice and files it as an owner.
func (w *world) make(c call) doc {
	w.t.Helper()
	c.op = review.Create
	if c.as == "" {
		c.as, c.groups = "local:alice", []string{"gatehouse:users"}
	}
	v, stored := w.write(c)
	if v.Outcome != review.Allowed {
		w.t.Fatalf("make %s: %s %s", c.kind, v.Message(), v.Reason)
	}
	w.file(c.kind, stored)
	return stored
}

// file makes an object readable as an owner.
func (w *world) file(kind string, d doc) {
	m := d["metadata"].(doc)
	annotations := map[string]string{}
	for _, key := range []string{keyPassport, keyCorrelation} {
		if v := annotation(d, key); v != "" {
			annotations[key] = v
		}
	}
	w.sample.Objects[kind+" "+aliceNS+"/"+m["name"].(string)] = facts.Owner{UID: m["uid"].(string), Annotations: annotations}
}

func meta(name string, more ...doc) doc {
	m := doc{"name": name, "uid": "uid-" + name, "namespace": aliceNS}
	for _, d := range more {
		for k, v := range d {
			m[k] = v
		}
	}
	return m
}

func ownedBy(apiVersion, kind, name, uid string) doc {
	return doc{"ownerReferences": []any{doc{"apiVersion": apiVersion, "kind": kind, "name": name, "uid": uid, "controller": true}}}
}

// denied fails unless the verdict is a denial by exactly this rule.
func (w *world) denied(v review.Verdict, rule string) {
	w.t.Helper()
	if v.Outcome != review.Denied || len(v.Denials) == 0 || v.Denials[0].Rule != rule {
		w.t.Errorf("want a denial by %s, got %s: %s %s", rule, v.Outcome, v.Message(), v.Reason)
	}
}

func (w *world) allowed(v review.Verdict) {
	w.t.Helper()
	if v.Outcome != review.Allowed {
		w.t.Errorf("want allowed, got %s: %s %s", v.Outcome, v.Message(), v.Reason)
	}
}

func (w *world) author(d doc) string {
	w.t.Helper()
	p, err := w.keys.Verify(annotation(d, keyPassport), passport.AudienceAdmission, w.gate.Now())
	if err != nil {
		w.t.Errorf("passport: %v", err)
	}
	return p.UserID
}
