package admission

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/admission"
)

// target is a resource and where it lives.
type target struct {
	group, resource, subresource string
	namespaced                   bool
}

// TestExactlyOneEntry asks about every combination, absent fields among them: no
// condition errs, no write meets two entries, the one it meets follows from a second,
// plain statement of the rules, and all parts of a condition say in one what each says by
// itself.
func TestExactlyOneEntry(t *testing.T) {
	g, parts := newGate(t, Validating(sample).Webhooks, known), newGate(t, apart(sample), known)
	targets := []target{
		{"", "pods", "", true}, {"", "pods", "status", true}, {"", "pods", "exec", true}, {"", "events", "", true},
		{"", "serviceaccounts", "token", true}, {"", "persistentvolumeclaims", "status", true}, {"", "resourcequotas", "status", true},
		{"apps", "deployments", "scale", true}, {"gatehouse.dev", "usages", "", true}, {"authorization.k8s.io", "localsubjectaccessreviews", "", true},
		{"", "namespaces", "", false}, {"", "namespaces", "finalize", false}, {"", "nodes", "", false},
		{"gatehouse.dev", "tenants", "", false}, {"gatehouse.dev", "tenants", "status", false}, {"gatehouse.dev", "quotaledgers", "", false},
		{"templates.gatekeeper.sh", "constrainttemplates", "", false}, {"authentication.k8s.io", "tokenreviews", "", false},
	}
	users := map[string][]string{
		"": nil, "somebody": nil, "local:alice": {"gatehouse:users"}, "corp:zoe": nil,
		"system:serviceaccount:claude-runner-user-alice:x": {"system:serviceaccounts"},
		"local:root": {"system:masters"}, "system:node:n1": {"system:nodes"}, "system:apiserver": {"system:masters"},
		SharedController: nil, GarbageCollector: nil, provisioner: nil, "system:kube-scheduler": nil,
	}
	objects := []map[string]any{
		nil, {}, {"kind": "Options"}, meta(map[string]any{}), meta(map[string]any{"name": "x"}),
		meta(map[string]any{"name": "x", "labels": map[string]any{labelTenant: "a"}, "annotations": map[string]any{"k": "v"}}),
		meta(map[string]any{"generateName": "claude-runner-user-", "deletionTimestamp": "2026-01-01T00:00:00Z"}),
	}
	operations := []admission.Operation{admission.Create, admission.Update, admission.Delete, admission.Connect}
	asked := 0
	for _, on := range targets {
		for _, place := range places(on) {
			for user, groups := range users {
				for _, operation := range operations {
					for n, now := range objects {
						for m, was := range objects {
							if n != m && n > 0 && m > 0 {
								continue // One of them absent, or both alike: the conditions look at each by itself.
							}
							if on.resource == "namespaces" && on.subresource == "" && now == nil && (operation == admission.Create || operation == admission.Update) {
								continue // The API server reads the labels of such an object before any condition.
							}
							w := write{user: user, groups: groups, operation: operation, group: on.group, resource: on.resource,
								subresource: on.subresource, namespace: place[0], name: place[1], object: now, oldObject: was}
							asked++
							want, exempt := expected(w, on)
							got := strings.Join(g.called(t, w), "+")
							if got != want && (!exempt || got != "") {
								t.Fatalf("%+v: called %q, want %q", w, got, want)
							}
							if each := strings.Join(parts.called(t, w), "+"); got != each {
								t.Fatalf("%+v: called %q, and %q by each part for itself", w, got, each)
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d writes asked about", asked)
}

// places are the namespaces and names that a target is written under.
func places(on target) [][2]string {
	switch {
	case on.resource == "namespaces":
		return [][2]string{{aliceNamespace, aliceNamespace}, {"default", "default"}}
	case on.namespaced:
		return [][2]string{{aliceNamespace, "x"}, {aliceNamespace, ""}, {"default", "x"}}
	}
	return [][2]string{{"", "x"}, {"", ""}}
}

// expected says which entry a write meets, and whether it may be exempt from it.
func expected(w write, on target) (entry string, exempt bool) {
	if strings.HasPrefix(w.group, "auth") {
		return "", false
	}
	guest := (strings.HasPrefix(w.user, "local:") || strings.HasPrefix(w.user, "corp:") || strings.Contains(w.user, ":claude-runner-user-") ||
		slices.Contains(w.groups, "gatehouse:users")) && !slices.Contains(w.groups, "system:masters")
	exempt = !guest && strings.HasPrefix(w.user, "system:") && w.user != "system:kube-scheduler"
	ours := func(o map[string]any) bool {
		metadata, ok := o["metadata"].(map[string]any)
		if !ok {
			return false
		}
		_, label := metadata["labels"]
		generated, _ := metadata["generateName"].(string)
		return label || generated != ""
	}
	switch {
	case w.resource == "namespaces":
		if guest || w.name == aliceNamespace || ours(w.object) || ours(w.oldObject) {
			return "namespaces", exempt
		}
	case on.namespaced && w.namespace == aliceNamespace:
		return "tenant", exempt
	case w.resource == "tenants" || w.resource == "constrainttemplates":
		return "platform", exempt
	case guest:
		return "guests", false
	}
	return "", false
}
