package gate_test

import (
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// rebuilt changes the sample platform and swaps the snapshot.
func (w *world) rebuilt(change func(o *facts.Objects)) {
	w.t.Helper()
	old := w.sample.Facts
	objects := facts.Objects{Prefix: "claude-runner-user-"}
	for _, h := range old.Homes() {
		objects.Namespaces = append(objects.Namespaces, h.Namespace)
	}
	for _, t := range old.Tenants() {
		objects.Tenants = append(objects.Tenants, t.DeepCopy())
	}
	for _, o := range old.Organizations {
		objects.Organizations = append(objects.Organizations, o.DeepCopy())
	}
	for _, s := range old.Settings {
		objects.Settings = append(objects.Settings, s.DeepCopy())
	}
	for _, t := range old.Tiers {
		objects.Tiers = append(objects.Tiers, t.DeepCopy())
	}
	for _, m := range old.Models {
		objects.Models = append(objects.Models, m.DeepCopy())
	}
	change(&objects)
	w.sample.Facts = facts.Build(objects)
}

func onTenant(name string, f func(*v1alpha1.Tenant)) func(*facts.Objects) {
	return func(o *facts.Objects) {
		for _, t := range o.Tenants {
			if t.Name == name {
				f(t)
			}
		}
	}
}

func TestWhatASuspensionDenies(t *testing.T) {
	w := newWorld(t)
	web := w.make(deployment("web", 2))
	n := w.make(note("", review.Create, doc{"metadata": meta("n"), "data": doc{"a": "1"}}, nil))
	states := map[string]struct {
		change func(*facts.Objects)
		rule   string
	}{
		"suspended": {onTenant("alice", func(t *v1alpha1.Tenant) { t.Spec.Suspended = true }), "identity/suspended"},
		"organization suspended": {func(o *facts.Objects) {
			for _, org := range o.Organizations {
				org.Spec.Suspended = true
			}
		}, "identity/suspended"},
		"tenant gone":       {func(o *facts.Objects) { o.Tenants = nil }, "identity/no-tenant"},
		"tenant made anew":  {onTenant("alice", func(t *v1alpha1.Tenant) { t.UID = "another" }), "identity/no-tenant"},
		"tier gone":         {func(o *facts.Objects) { o.Tiers = nil }, "identity/no-tier"},
		"organization gone": {func(o *facts.Objects) { o.Organizations = nil }, "identity/no-organization"},
		"tier not granted":  {onTenant("alice", func(t *v1alpha1.Tenant) { t.Spec.Tier = "enterprise" }), "identity/tier-not-granted"},
	}
	before := w.sample.Facts
	scale := func(from, to int) call {
		c := call{as: "local:alice", op: review.Update, group: "apps", kind: "Scale", resource: "deployments", sub: "scale"}
		c.object, c.old = doc{"metadata": meta("web"), "spec": doc{"replicas": to}}, doc{"metadata": meta("web"), "spec": doc{"replicas": from}}
		return c
	}
	without := w.apply(n, []review.Patch{{Op: "add", Path: "/metadata/finalizers", Value: []any{}}})
	for name, s := range states {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.sample.Facts = before
			w.rebuilt(s.change)
			for what, c := range map[string]call{
				"create":        note("local:alice", review.Create, doc{"metadata": meta("m")}, nil),
				"change":        note("local:alice", review.Update, doc{"metadata": meta("n"), "data": doc{"a": "2"}}, n),
				"scale up":      scale(2, 3),
				"exec":          {as: "local:alice", op: review.Connect, kind: "PodExecOptions", resource: "pods", sub: "exec", object: doc{"command": []any{"sh"}}},
				"a pod of hers": podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web")),
			} {
				v := w.gate.Handle(t.Context(), w.request(c, review.Validating))
				if v.Outcome != review.Denied || v.Denials[0].Rule != s.rule {
					t.Errorf("%s: want a denial by %s, got %s %s", what, s.rule, v.Outcome, v.Message())
				}
			}
			if s.rule == "identity/no-tenant" {
				return // whose she is nobody knows, so nothing of hers is judged as hers
			}
			for what, c := range map[string]call{
				"delete":     note("local:alice", review.Delete, nil, n),
				"scale down": scale(2, 1),
				"finalizers": note("local:alice", review.Update, without, n),
				"evict":      {as: "local:alice", op: review.Create, group: "policy", kind: "Eviction", resource: "pods", sub: "eviction", object: doc{"metadata": meta("p")}},
				"status":     {as: "local:alice", op: review.Update, group: "apps", kind: "Deployment", resource: "deployments", sub: "status", object: web, old: web},
			} {
				v, _ := w.write(c)
				if v.Outcome != review.Allowed {
					t.Errorf("%s: must go on, got %s", what, v.Message())
				}
			}
		})
	}
}

func TestRightsAreThoseOfNow(t *testing.T) {
	w := newWorld(t)
	carols := w.make(func() call {
		c := deployment("web", 2)
		c.as, c.groups = "local:carol", []string{"gatehouse:users"}
		return c
	}())
	child := podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web"))
	v, _ := w.write(child)
	w.allowed(v)
	if v.Trace.Author != "local:carol" || v.Trace.Relation != string(tenant.RelationOrgAdmin) {
		t.Errorf("trace %+v", v.Trace)
	}
	w.rebuilt(func(o *facts.Objects) {
		for _, org := range o.Organizations {
			org.Spec.Admins = nil
		}
	})
	v, _ = w.write(child)
	w.denied(v, "isolation/tenant-membership")
	_ = carols
}

func TestTransferHandsOverWhatWasMade(t *testing.T) {
	w := newWorld(t)
	w.make(deployment("web", 2))
	w.rebuilt(onTenant("alice", func(t *v1alpha1.Tenant) {
		t.Spec.Owner.User, t.Status.FormerOwners = "local:frank", []string{"local:alice"}
	}))
	v, _ := w.write(podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web")))
	w.allowed(v)
	if v.Trace.Author != "local:frank" {
		t.Errorf("author %q, want the present owner", v.Trace.Author)
	}
	v, _ = w.write(note("local:alice", review.Create, doc{"metadata": meta("m")}, nil))
	w.denied(v, "isolation/tenant-membership")
}

// TestSuspensionFollowsTheAuthor: an admin of the organization who is suspended herself
// may not work in another's namespace either.
func TestSuspensionFollowsTheAuthor(t *testing.T) {
	w := newWorld(t)
	write := note("local:carol", review.Create, doc{"metadata": meta("m")}, nil)
	v, _ := w.write(write)
	w.allowed(v)
	w.rebuilt(onTenant("carol", func(t *v1alpha1.Tenant) { t.Spec.Suspended = true }))
	v, _ = w.write(write)
	w.denied(v, "identity/suspended")
	v, _ = w.write(note("local:alice", review.Create, doc{"metadata": meta("m")}, nil))
	w.allowed(v)
}

// TestSuspensionHoldsAnAutoscaler: it may take away, and not add.
func TestSuspensionHoldsAnAutoscaler(t *testing.T) {
	w := newWorld(t)
	scale := func(from, to int) call {
		c := call{as: kubeSystem + "horizontal-pod-autoscaler", op: review.Update, group: "apps", kind: "Scale", resource: "deployments", sub: "scale"}
		c.object, c.old = doc{"metadata": meta("web"), "spec": doc{"replicas": to}}, doc{"metadata": meta("web"), "spec": doc{"replicas": from}}
		return c
	}
	v, _ := w.write(scale(2, 3))
	w.allowed(v)
	if v.Trace.Author != "local:alice" {
		t.Errorf("author %q, want the tenant's owner", v.Trace.Author)
	}
	w.rebuilt(onTenant("alice", func(t *v1alpha1.Tenant) { t.Spec.Suspended = true }))
	v, _ = w.write(scale(2, 3))
	w.denied(v, "identity/suspended")
	v, _ = w.write(scale(3, 2))
	w.allowed(v)
}

// TestTransferHasNoGap: what the former owner made counts as the present owner's from the
// moment that the field changes, before the provisioner has written it down.
func TestTransferHasNoGap(t *testing.T) {
	w := newWorld(t)
	w.make(deployment("web", 2))
	w.rebuilt(onTenant("alice", func(t *v1alpha1.Tenant) {
		t.Status.Owner, t.Spec.Owner.User = "local:alice", "local:frank"
	}))
	v, _ := w.write(podOf(kubeSystem+"replicaset-controller", ownedBy("apps/v1", "Deployment", "web", "uid-web")))
	w.allowed(v)
	if v.Trace.Author != "local:frank" {
		t.Errorf("author %q, want the present owner", v.Trace.Author)
	}
}

// TestAGitOpsToolIsToldHow: its own account writes nothing, and learns what to do.
func TestAGitOpsToolIsToldHow(t *testing.T) {
	w := newWorld(t)
	v, _ := w.write(note("system:serviceaccount:argocd:argocd-application-controller", review.Create, doc{"metadata": meta("m")}, nil))
	w.denied(v, "identity/unknown-caller")
	for _, want := range []string{"destinationServiceAccounts", `"system:serviceaccount:claude-runner-user-alice:deployer"`} {
		if !strings.Contains(v.Message(), want) {
			t.Errorf("%q does not name %s", v.Message(), want)
		}
	}
	v, _ = w.write(note("system:serviceaccount:claude-runner-user-alice:deployer", review.Create, doc{"metadata": meta("m")}, nil))
	w.allowed(v)
	if v.Trace.Role != tenant.RoleDeployer || v.Trace.Author != "local:alice" {
		t.Errorf("trace %+v", v.Trace)
	}
}
