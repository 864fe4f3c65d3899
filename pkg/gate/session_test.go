package gate_test

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/review"
)

const provisioner = "system:serviceaccount:claude-runner-system:gatehouse-provisioner"

func runnerJob(model string) doc {
	return doc{
		"apiVersion": "batch/v1", "kind": "Job",
		"metadata": meta("s-job", ownedBy("research.example.com/v1", "ResearchSession", "s", "uid-s")),
		"spec": doc{"template": doc{"spec": doc{
			"restartPolicy": "Never",
			"containers": []any{doc{"name": "runner", "image": "quay.io/gkrumbach07/claude-runner:latest",
				"env": []any{doc{"name": "ANTHROPIC_MODEL", "value": model}}}},
		}}},
	}
}

// What the provisioner makes of a session carries the session's passport and is judged as
// its author's: the platform's own power gives alice nothing that she may not have.
func TestASessionsJobIsItsAuthors(t *testing.T) {
	w := newWorld(t)
	stored := w.make(session("s"))
	create := call{as: provisioner, op: review.Create, group: "batch", kind: "Job", resource: "jobs", object: runnerJob("claude-sonnet")}
	v, job := w.write(create)
	w.allowed(v)
	if annotation(job, keyPassport) != annotation(stored, keyPassport) || annotation(job, keyCorrelation) != annotation(stored, keyCorrelation) {
		t.Error("the Job does not carry its session's passport and correlation id")
	}
	if v.Trace.Author != "local:alice" || v.Trace.Actor != provisioner {
		t.Errorf("author %q, actor %q", v.Trace.Author, v.Trace.Actor)
	}
	create.object = runnerJob("claude-opus")
	v, _ = w.write(create)
	w.denied(v, "models/granted")
}

// The provisioner writes what became of a session, and that is no change of hers: the
// passport stays to the byte.
func TestTheProvisionerWritesStatus(t *testing.T) {
	w := newWorld(t)
	stored := w.make(session("s"))
	wanted := w.apply(stored, []review.Patch{{Op: "add", Path: "/status", Value: doc{"phase": "Creating", "jobName": "s-job"}}})
	v, now := w.write(call{as: provisioner, op: review.Update, group: "research.example.com", kind: "ResearchSession", resource: "researchsessions", object: wanted, old: stored})
	w.allowed(v)
	if status, _ := now["status"].(doc); status["phase"] != "Creating" || status["jobName"] != "s-job" {
		t.Errorf("stored status %v", now["status"])
	}
	if annotation(now, keyPassport) != annotation(stored, keyPassport) {
		t.Error("a write of status minted a passport")
	}
}

// A tenant that is suspended may stop what it runs, and change nothing else of it.
func TestASuspendedTenantMayStop(t *testing.T) {
	w := newWorld(t)
	stored := w.make(session("s"))
	w.rebuilt(onTenant("alice", func(t *v1alpha1.Tenant) { t.Spec.Suspended = true }))
	update := func(field string, value any) review.Verdict {
		v, _ := w.write(call{as: "local:alice", op: review.Update, group: "research.example.com", kind: "ResearchSession", resource: "researchsessions",
			object: w.apply(stored, []review.Patch{{Op: "add", Path: "/spec/" + field, Value: value}}), old: stored})
		return v
	}
	w.allowed(update("stopped", true))
	w.denied(update("stopped", false), "identity/suspended")
	w.denied(update("prompt", "another"), "identity/suspended")
}
