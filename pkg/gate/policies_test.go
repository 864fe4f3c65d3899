package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/runner"
	"gatehouse.dev/gatehouse/policies"
)

// noDrafts denies ConfigMaps named draft, with a word that organizations may choose.
const noDrafts = `# METADATA
# title: No drafts
# description: No ConfigMap is named draft.
# custom:
#   match: {groups: [""], kinds: [ConfigMap], operations: [CREATE]}
#   parameters: {word: none}
package acme.drafts

deny contains sprintf("no drafts, word %s", [input.parameters.word]) if input.request.name == "draft"
`

// withPolicy puts a gate's policies under one more.
func (w *world) withPolicy(spec v1alpha1.PolicySpec) *policyset.Set {
	w.t.Helper()
	set, err := policyset.New(w.t.Context(), engine.Options{Policies: policies.FS})
	if err != nil {
		w.t.Fatal(err)
	}
	spec.Rego, spec.Enforcement = noDrafts, v1alpha1.EnforcementDeny
	if err := set.Apply(w.t.Context(), []*v1alpha1.Policy{{ObjectMeta: metav1.ObjectMeta{Name: "acme.drafts"}, Spec: spec}}); err != nil {
		w.t.Fatal(err)
	}
	w.gate.Program, w.gate.Policies = set.Program, set
	return set
}

func configMap(as, name string) call {
	return call{as: as, groups: []string{"gatehouse:users"}, op: review.Create, kind: "ConfigMap", resource: "configmaps",
		object: doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name)}}
}

func TestExemption(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	exempt := v1alpha1.Exemption{Tenant: "alice", Owner: "carol\nevil", Reason: "moving", Expires: metav1.NewTime(now.Add(time.Hour))}
	w := newWorld(t)
	w.withPolicy(v1alpha1.PolicySpec{Exemptions: []v1alpha1.Exemption{exempt}})
	w.gate.Now = func() time.Time { return now }
	v, _ := w.write(configMap("local:alice", "draft"))
	w.allowed(v)
	if len(v.Warnings) != 1 || !strings.Contains(v.Warnings[0], `acme/drafts: would deny, exempt until 2026-11-01 01:00 by "carol\nevil": no drafts`) {
		t.Errorf("warnings %q", v.Warnings)
	}
	if len(v.Trace.Audited) != 1 || v.Trace.Audited[0] != "acme/drafts" {
		t.Errorf("audited %q", v.Trace.Audited)
	}

	w.gate.Now = func() time.Time { return now.Add(time.Hour) }
	v, _ = w.write(configMap("local:alice", "draft"))
	w.denied(v, "acme/drafts")

	// Whoever is no part of the tenant gets nothing by her exemption.
	w.gate.Now = func() time.Time { return now }
	v, _ = w.write(configMap("local:bob", "draft"))
	w.denied(v, "acme/drafts")

	w = newWorld(t)
	exempt.Tenant = "bob"
	w.withPolicy(v1alpha1.PolicySpec{Exemptions: []v1alpha1.Exemption{exempt}})
	w.gate.Now = func() time.Time { return now }
	v, _ = w.write(configMap("local:alice", "draft"))
	w.denied(v, "acme/drafts")
}

func TestDelegatedParameters(t *testing.T) {
	bounds := map[string]runtime.RawExtension{"word": {Raw: []byte(`{"enum":["none","some"]}`)}}
	set := newWorld(t).withPolicy(v1alpha1.PolicySpec{Delegable: []string{"word"}, Bounds: bounds})
	for name, tt := range map[string]struct{ given, want string }{
		"nothing set":         {``, "word none"},
		"set":                 {`{"word":"some"}`, "word some"},
		"out of bounds":       {`{"word":"any"}`, "word none"},
		"of another type":     {`{"word":3}`, "word none"},
		"not delegable":       {`{"other":"some"}`, "word none"},
		"no object":           {`["some"]`, "word none"},
		"too deep to be read": {strings.Repeat("[", 100000), "word none"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.gate.Program, w.gate.Policies = set.Program, set
			home, _ := w.sample.Facts.HomeOf(aliceNS)
			settings := home.Facts.Settings
			settings.Spec.PolicyParameters = map[string]runtime.RawExtension{"acme.drafts": {Raw: []byte(tt.given)}}
			v, _ := w.write(configMap("local:alice", "draft"))
			w.denied(v, "acme/drafts")
			if !strings.Contains(v.Message(), tt.want) {
				t.Errorf("denied with %q, want %q in it", v.Message(), tt.want)
			}
		})
	}
}

// TestSettingsNamePolicies: what would set nothing is refused, each with its reason.
func TestSettingsNamePolicies(t *testing.T) {
	set := newWorld(t).withPolicy(v1alpha1.PolicySpec{Delegable: []string{"word"}})
	for name, tt := range map[string]struct{ policy, given, want string }{
		"good":            {"acme.drafts", `{"word":"some"}`, ""},
		"no object":       {"acme.drafts", `["some"]`, `"acme.drafts" must be an object`},
		"a rule's name":   {"acme/drafts", `{"word":"some"}`, `"acme/drafts" is no Policy's name`},
		"nobody's name":   {"acme.others", `{"word":"some"}`, `there is no policy "acme/others"`},
		"no name":         {"acme", `{"word":"some"}`, `"acme" is no Policy's name`},
		"another's value": {"acme.drafts", `{"other":"some"}`, `parameter "other" is not delegable`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.gate.Program, w.gate.Policies = set.Program, set
			var given any
			if err := json.Unmarshal([]byte(tt.given), &given); err != nil {
				t.Fatal(err)
			}
			settings := doc{"apiVersion": "gatehouse.dev/v1alpha1", "kind": "OrganizationSettings", "metadata": doc{"name": "acme"},
				"spec": doc{"policyParameters": doc{tt.policy: given}}}
			v, _ := w.write(call{as: "local:carol", groups: []string{"gatehouse:users"}, op: review.Update, entry: review.EntryPlatform, group: "gatehouse.dev",
				kind: "OrganizationSettings", resource: "organizationsettings", object: settings, old: settings})
			if tt.want == "" {
				w.allowed(v)
				return
			}
			w.denied(v, "identity/policy-parameters")
			if !strings.Contains(v.Message(), tt.want) {
				t.Errorf("denied with %q, want %q in it", v.Message(), tt.want)
			}
		})
	}
}

// refuses finds fault with every Policy.
type refuses struct{ asked int }

func (r *refuses) Review(context.Context, *v1alpha1.Policy) error {
	r.asked++
	return errors.New("a/b/rule.rego:3: first\na/b/rule.rego:4: second")
}

func TestPolicyIsReviewed(t *testing.T) {
	spec := doc{"rego": noDrafts, "enforcement": "deny"}
	policy := func(op review.Operation, as, sub string) call {
		c := call{as: as, groups: []string{"system:masters"}, op: op, entry: review.EntryPlatform, group: "gatehouse.dev", kind: "Policy", resource: "policies", sub: sub,
			object: doc{"apiVersion": "gatehouse.dev/v1alpha1", "kind": "Policy", "metadata": doc{"name": "a.b"}, "spec": spec}}
		if op == review.Update {
			c.old = c.object
		}
		if op == review.Delete {
			c.object, c.old = nil, c.object
		}
		return c
	}
	for name, tt := range map[string]struct {
		call    call
		refused bool
	}{
		"created":    {policy(review.Create, "admin", ""), true},
		"changed":    {policy(review.Update, "admin", ""), true},
		"its status": {policy(review.Update, "admin", "status"), false},
		"deleted":    {policy(review.Delete, "admin", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			reviewer := &refuses{}
			w.gate.Policies = reviewer
			v, _ := w.write(tt.call)
			if !tt.refused {
				w.allowed(v)
				return
			}
			w.denied(v, "policy/invalid")
			if len(v.Denials) != 2 || v.Denials[1].Problem != "a/b/rule.rego:4: second" || reviewer.asked != 1 {
				t.Errorf("denials %+v, asked %d times", v.Denials, reviewer.asked)
			}
		})
	}
	t.Run("by somebody else", func(t *testing.T) {
		w := newWorld(t)
		c := policy(review.Create, "local:alice", "")
		c.groups = []string{"gatehouse:users"}
		reviewer := &refuses{}
		w.gate.Policies = reviewer
		v, _ := w.write(c)
		w.denied(v, "identity/platform-object")
		if reviewer.asked != 0 {
			t.Error("a stranger's Policy was compiled")
		}
	})
}

// TestStored judges what is stored as its author, or as the tenant where nothing proves
// another.
func TestStored(t *testing.T) {
	w := newWorld(t)
	w.withPolicy(v1alpha1.PolicySpec{})
	made := w.make(call{kind: "ConfigMap", resource: "configmaps", object: doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("fine")}})
	stored := func(d doc) review.Request {
		return w.request(call{kind: "ConfigMap", resource: "configmaps", object: d, op: review.Create}, review.Validating)
	}
	j, err := w.gate.Stored(t.Context(), stored(made))
	if err != nil || j.Author != "local:alice" || !j.Sealed || len(j.Denials) != 0 || len(j.Rules) == 0 || j.Digest != w.gate.Program().Digest() {
		t.Errorf("%+v %v", j, err)
	}
	draft := doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("draft", doc{"annotations": doc{keyPassport: "v1.k1.x.y"}})}
	j, err = w.gate.Stored(t.Context(), stored(draft))
	if err != nil || j.Author != "local:alice" || j.Sealed || len(j.Denials) != 1 || j.Denials[0].Rule != "acme/drafts" {
		t.Errorf("a forged passport: %+v %v", j, err)
	}
	r := stored(draft)
	r.Namespace = "nowhere"
	if _, err := w.gate.Stored(t.Context(), r); err == nil {
		t.Error("a namespace without a tenant was judged")
	}
	r = stored(draft)
	r.Object = json.RawMessage(`{"a":1,"a":2}`)
	if _, err := w.gate.Stored(t.Context(), r); err == nil {
		t.Error("an object that cannot be read was judged")
	}
}

// TestPodTemplates: a rule about Pods judges a custom resource that becomes some.
func TestPodTemplates(t *testing.T) {
	w := newWorld(t)
	program, err := engine.Compile(t.Context(), engine.Options{Policies: policies.FS, PodKinds: []string{"jobset.x-k8s.io/JobSet"}})
	if err != nil {
		t.Fatal(err)
	}
	pod := func(network bool) doc {
		return doc{"hostNetwork": network, "containers": []any{doc{"name": "a", "image": "registry.k8s.io/pause:3.10"}}}
	}
	set := func(network bool) call {
		jobs := []any{
			doc{"name": "one", "template": doc{"spec": doc{"template": doc{"spec": pod(false)}}}},
			doc{"name": "two", "template": doc{"spec": doc{"template": doc{"spec": pod(network)}}}},
		}
		return call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, group: "jobset.x-k8s.io", kind: "JobSet", resource: "jobsets",
			object: doc{"apiVersion": "jobset.x-k8s.io/v1", "kind": "JobSet", "metadata": meta("set"), "spec": doc{"replicatedJobs": jobs}}}
	}
	v, _ := w.write(set(true))
	w.allowed(v) // nobody said that it becomes Pods

	w.gate.Program = func() *engine.Program { return program }
	w.gate.PodTemplates = map[string]string{"jobset.x-k8s.io/JobSet": "spec.replicatedJobs[].template.spec.template"}
	v, _ = w.write(set(true))
	w.denied(v, "pods/host-access")
	if !strings.Contains(v.Message(), "spec.replicatedJobs[1].template.spec.template.spec.hostNetwork") {
		t.Errorf("the message names no place: %s", v.Message())
	}
}

// TestSessionPods: a rule about Pods judges the Pods that a session will have, takes no
// quota for them, and sets nothing on the session as if it were one.
func TestSessionPods(t *testing.T) {
	w := newWorld(t)
	program, err := engine.Compile(t.Context(), engine.Options{Policies: policies.FS, PodKinds: []string{"research.example.com/ResearchSession"}})
	if err != nil {
		t.Fatal(err)
	}
	create := call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, group: "research.example.com", kind: "ResearchSession", resource: "researchsessions",
		object: doc{"apiVersion": "research.example.com/v1", "kind": "ResearchSession", "metadata": meta("s"), "spec": doc{"prompt": "look", "websiteURL": "https://example.com"}}}
	w.gate.Program = func() *engine.Program { return program }
	sessions := config.Default().Sessions
	for name, tt := range map[string]struct {
		image, rule string
		broken      error
	}{
		"an image of the tier":      {"quay.io/gkrumbach07/claude-runner:latest", "", nil},
		"an image of somebody else": {"evil.example.com/claude-runner:latest", "pods/images", nil},
		"Pods that cannot be told":  {"quay.io/gkrumbach07/claude-runner:latest", "models/granted", errors.New("unreadable")},
	} {
		t.Run(name, func(t *testing.T) {
			sessions.Image = tt.image
			w.gate.SessionPods = func(raw []byte) ([]byte, error) {
				if tt.broken != nil {
					return nil, tt.broken
				}
				return runner.Template(raw, sessions)
			}
			v, stored := w.write(create)
			if tt.rule != "" {
				if v.Outcome != review.Denied || !strings.HasPrefix(v.Denials[0].Rule, tt.rule) || !strings.Contains(v.Message(), "job.spec.template") {
					t.Errorf("%s %s", v.Outcome, v.Message())
				}
				return
			}
			w.allowed(v)
			if _, hardened := stored["spec"].(doc)["securityContext"]; hardened {
				t.Error("a session was hardened like a Pod")
			}
		})
	}
}
