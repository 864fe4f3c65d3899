package gate_test

import (
	"maps"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

// operation is one column of a table: the same write for every caller.
type operation struct {
	name string
	call call
}

// scene is what stands in a namespace when a table is made: a Job and its Pod, a
// Deployment.
type scene struct {
	namespace string
	job, pod  doc
}

// stage has the owner of a namespace make a Job, and the job controller its Pod.
func (w *world) stage(namespace, owner string) scene {
	w.t.Helper()
	s := scene{namespace: namespace}
	v, job := w.write(call{as: owner, groups: []string{"gatehouse:users"}, op: review.Create, group: "batch", kind: "Job", resource: "jobs", namespace: namespace,
		object: doc{"apiVersion": "batch/v1", "kind": "Job", "metadata": in(namespace, "work", nil), "spec": doc{"template": doc{"spec": podSpec()}}}})
	w.allowed(v)
	s.job = job
	w.sample.Objects["Job "+namespace+"/work"] = facts.Owner{UID: "uid-work", Annotations: map[string]string{
		keyPassport: annotation(job, keyPassport), keyCorrelation: annotation(job, keyCorrelation)}}
	made := s.create("work-1", owned)
	made.as = kubeSystem + "job-controller"
	v, s.pod = w.write(made)
	w.allowed(v)
	return s
}

var owned = ownedBy("batch/v1", "Job", "work", "uid-work")

func in(namespace, name string, more doc) doc {
	m := meta(name, more)
	m["namespace"] = namespace
	return m
}

// create is the creation of a Pod.
func (s scene) create(name string, owner doc) call {
	return call{op: review.Create, kind: "Pod", resource: "pods", namespace: s.namespace,
		object: doc{"apiVersion": "v1", "kind": "Pod", "metadata": in(s.namespace, name, owner), "spec": podSpec()}}
}

// update is a change of the Job's Pod: what is set in metadata, nil taking away.
func (s scene) update(set doc) call {
	m := doc{}
	for k, v := range s.pod["metadata"].(doc) {
		m[k] = v
	}
	for k, v := range set {
		m[k] = v
		if v == nil {
			delete(m, k)
		}
	}
	now := doc{"apiVersion": "v1", "kind": "Pod", "metadata": m, "spec": s.pod["spec"]}
	return call{op: review.Update, kind: "Pod", resource: "pods", namespace: s.namespace, object: now, old: s.pod}
}

// objects are the operations on objects themselves.
func (s scene) objects() []operation {
	return []operation{
		{"CREATE", s.create("alone", nil)},
		{"CREATE, owned by a Job", s.create("work-2", owned)},
		{"UPDATE, a label", s.update(doc{"labels": doc{"a": "b"}})},
		{"UPDATE, ownerReferences removed", s.update(doc{"ownerReferences": nil})},
		{"UPDATE without effect", s.update(nil)},
		{"DELETE", call{op: review.Delete, kind: "Pod", resource: "pods", namespace: s.namespace, old: s.pod}},
	}
}

// subresources are the operations beside them.
func (s scene) subresources() []operation {
	status := s.update(nil)
	status.sub = "status"
	status.object["status"] = doc{"phase": "Running"}
	debug := s.update(nil)
	debug.sub = "ephemeralcontainers"
	debugged := maps.Clone(s.pod["spec"].(doc))
	debugged["ephemeralContainers"] = []any{doc{"name": "d", "image": "registry.k8s.io/pause"}}
	debug.object["spec"] = debugged
	scale := func(from, to int) call {
		c := call{op: review.Update, group: "apps", kindGroup: "autoscaling", kind: "Scale", resource: "deployments", sub: "scale", namespace: s.namespace}
		c.old = doc{"metadata": in(s.namespace, "web", nil), "spec": doc{"replicas": from}}
		c.object = doc{"metadata": in(s.namespace, "web", nil), "spec": doc{"replicas": to}}
		return c
	}
	made := func(group, kind, resource, sub, name string, more doc) call {
		object := doc{"metadata": in(s.namespace, name, nil)}
		for k, v := range more {
			object[k] = v
		}
		return call{op: review.Create, kindGroup: group, kind: kind, resource: resource, sub: sub, namespace: s.namespace, object: object}
	}
	return []operation{
		{"CONNECT, pods/exec", call{op: review.Connect, kind: "PodExecOptions", resource: "pods", sub: "exec", namespace: s.namespace, object: doc{"command": []any{"sh"}, "container": "c"}}},
		{"UPDATE, pods/status", status},
		{"scale up", scale(2, 3)},
		{"scale down", scale(3, 2)},
		{"eviction", made("policy", "Eviction", "pods", "eviction", "work-1", nil)},
		{"binding", made("", "Binding", "pods", "binding", "work-1", doc{"target": doc{"kind": "Node", "name": "n1"}})},
		{"TokenRequest", made("authentication.k8s.io", "TokenRequest", "serviceaccounts", "token", "robot", doc{"spec": doc{"expirationSeconds": 600}})},
		{"ephemeralcontainers", debug},
	}
}

// clusterObjects are the operations on our own kinds, and on namespaces of tenants.
func (w *world) clusterObjects(id string) []operation {
	own := func(op review.Operation, kind, resource, sub, name string, object, old doc) call {
		for _, d := range []doc{object, old} {
			if d != nil {
				d["apiVersion"], d["kind"], d["metadata"] = "gatehouse.dev/v1alpha1", kind, doc{"name": name}
			}
		}
		return call{op: op, group: "gatehouse.dev", kind: kind, resource: resource, sub: sub, object: object, old: old, entry: review.EntryPlatform}
	}
	spec := func(tier string) doc {
		return doc{"spec": doc{"owner": doc{"user": "local:alice"}, "organization": "acme", "tier": tier}}
	}
	home := func(name string) doc {
		return doc{"metadata": doc{"name": name, "labels": doc{"gatehouse.dev/tenant": "alice"}}}
	}
	return []operation{
		{"CREATE, a Tenant of one's own", own(review.Create, "Tenant", "tenants", "", id, doc{}, nil)},
		{"UPDATE, Tenant alice", own(review.Update, "Tenant", "tenants", "", "alice", spec("enterprise"), spec("standard"))},
		{"UPDATE, tenants/status", own(review.Update, "Tenant", "tenants", "status", "alice", spec("standard"), spec("standard"))},
		{"DELETE, Tenant alice", own(review.Delete, "Tenant", "tenants", "", "alice", nil, spec("standard"))},
		{"UPDATE, acme's OrganizationSettings", own(review.Update, "OrganizationSettings", "organizationsettings", "", "acme", doc{"spec": doc{}}, doc{"spec": doc{}})},
		{"CREATE, a Tier", own(review.Create, "Tier", "tiers", "", "new", doc{"spec": doc{}}, nil)},
		{"CREATE, a tenant's Namespace", call{op: review.Create, kind: "Namespace", resource: "namespaces", object: home("claude-runner-user-x"), entry: review.EntryNamespaces, namespace: "claude-runner-user-x"}},
		{"DELETE, alice's Namespace", call{op: review.Delete, kind: "Namespace", resource: "namespaces", old: home(aliceNS), entry: review.EntryNamespaces, namespace: aliceNS}},
	}
}
