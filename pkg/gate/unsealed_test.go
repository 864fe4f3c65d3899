package gate_test

import (
	"slices"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/review"
)

const unsealed = "identity/unsealed"

func TestUnsealedOwnerActsAsTheTenant(t *testing.T) {
	owner := ownedBy("apps/v1", "Deployment", "old", "uid-old")
	for name, c := range map[string]call{
		"a controller":                podOf(kubeSystem+"replicaset-controller", owner),
		"the platform in one's place": func() call { c := podOf("kubernetes-admin", owner); c.groups = []string{"system:masters"}; return c }(),
	} {
		for _, cached := range []bool{false, true} {
			w := newWorld(t)
			w.file("Deployment", doc{"metadata": meta("old")})
			if cached {
				w.gate.Owners = noReads{t}
				w.gate.OwnerCache = cachedOwners{"Deployment " + aliceNS + "/old": {UID: "uid-old"}}
			}
			v, pod := w.write(c)
			w.allowed(v)
			if annotation(pod, keyPassport) != "" || v.Trace.Author != "local:alice" {
				t.Errorf("%s: passport %q, author %q", name, annotation(pod, keyPassport), v.Trace.Author)
			}
			if !slices.Contains(v.Trace.Audited, unsealed) {
				t.Errorf("%s, cached %t: audited %q, want %s", name, cached, v.Trace.Audited, unsealed)
			}
		}
	}
}

// A denial of such a write is reported too; a sealed owner is not.
func TestOnlyUnsealedOwnersAreReported(t *testing.T) {
	w := newWorld(t)
	w.file("Deployment", doc{"metadata": meta("old")})
	w.make(deployment("web", 2))
	v, _ := w.write(podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web")))
	w.allowed(v)
	if slices.Contains(v.Trace.Audited, unsealed) {
		t.Errorf("a sealed owner is reported: %q", v.Trace.Audited)
	}
	w.rebuilt(onTenant("alice", func(t *v1alpha1.Tenant) { t.Spec.Suspended = true }))
	v, _ = w.write(podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "old", "uid-old")))
	w.denied(v, "identity/suspended")
	if !slices.Contains(v.Trace.Audited, unsealed) {
		t.Errorf("audited %q, want %s", v.Trace.Audited, unsealed)
	}
}

// Asking to seal is the platform's: from others the annotation goes, nothing else
// happens, and they are told.
func TestTheRequestToSealIsThePlatforms(t *testing.T) {
	old := doc{"metadata": meta("n"), "data": doc{"a": "1"}}
	asking := func(value any, data string) doc {
		return doc{"metadata": meta("n", doc{"annotations": doc{"gatehouse.dev/seal": value}}), "data": doc{"a": data}}
	}
	masters := []string{"system:masters"}
	for _, c := range []struct {
		name, as string
		groups   []string
		object   doc
		author   string // "" = stays unsealed
		warns    bool
	}{
		{"the platform", "kubernetes-admin", masters, asking("tenant", "1"), "local:alice", false},
		{"the platform, another value", "kubernetes-admin", masters, asking("me", "1"), "", true},
		{"alice", "local:alice", nil, asking("tenant", "1"), "", true},
		{"alice, with a change of hers", "local:alice", nil, asking("tenant", "2"), "local:alice", true},
		{"alice's deployer", "system:serviceaccount:" + aliceNS + ":deployer", nil, asking("tenant", "1"), "", true},
		{"an admin of her organization", "local:carol", nil, asking("tenant", "1"), "", true},
		{"the garbage collector", kubeSystem + "generic-garbage-collector", nil, asking("tenant", "1"), "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			k := note(c.as, review.Update, c.object, old)
			k.groups = c.groups
			first := w.gate.Handle(t.Context(), w.request(k, review.Mutating))
			v, stored := w.write(k)
			w.allowed(v)
			annotations, has := stored["metadata"].(doc)["annotations"].(doc)
			if _, left := annotations["gatehouse.dev/seal"]; left || has && len(annotations) == 0 {
				t.Errorf("stored with annotations %v", annotations)
			}
			if c.author == "" {
				if annotation(stored, keyPassport) != "" {
					t.Errorf("it was sealed for %s", w.author(stored))
				}
			} else if got := w.author(stored); got != c.author {
				t.Errorf("author %q, want %q", got, c.author)
			}
			warned := slices.ContainsFunc(first.Warnings, func(s string) bool { return strings.Contains(s, "gatehouse.dev/seal was dropped") })
			if warned != c.warns {
				t.Errorf("warnings %q, want one: %t", first.Warnings, c.warns)
			}
		})
	}
}
