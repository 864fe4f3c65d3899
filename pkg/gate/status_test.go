package gate_test

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

func TestWhoWritesASessionsStatus(t *testing.T) {
	w := newWorld(t)
	stored := w.make(session("s"))
	stored = w.apply(stored, []review.Patch{{Op: "add", Path: "/status", Value: doc{"phase": "Running", "cost": 1}}})
	job := facts.OwnerRef{Kind: review.Kind{Group: "batch", Version: "v1", Kind: "Job"}, Name: "s-job", UID: "uid-job"}
	owner := facts.OwnerRef{Kind: review.Kind{Group: "research.example.com", Version: "v1", Kind: "ResearchSession"}, Name: "s", UID: "uid-s"}
	w.sample.Objects["Pod "+aliceNS+"/runner"] = facts.Owner{UID: "uid-runner", Controller: &job}
	w.sample.Objects["Job "+aliceNS+"/s-job"] = facts.Owner{UID: "uid-job", Controller: &owner}
	w.sample.Objects["Pod "+aliceNS+"/other"] = facts.Owner{UID: "uid-other"}
	token := func(pod, uid string) map[string][]string {
		return map[string][]string{"authentication.kubernetes.io/pod-name": {pod}, "authentication.kubernetes.io/pod-uid": {uid}}
	}
	account := "system:serviceaccount:" + aliceNS + ":default"
	for _, c := range []struct {
		name, as      string
		groups        []string
		extra         map[string][]string
		phase, output string
	}{
		{"platform", "kubernetes-admin", []string{"system:masters"}, nil, "Completed", "forty-two"},
		{"alice", "local:alice", nil, nil, "Running", ""},
		{"her runner", account, nil, token("runner", "uid-runner"), "Running", "forty-two"},
		{"a runner's name with another uid", account, nil, token("runner", "uid-x"), "Running", ""},
		{"another pod of hers", account, nil, token("other", "uid-other"), "Running", ""},
		{"her account without a pod", account, nil, nil, "Running", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wanted := w.apply(stored, []review.Patch{{Op: "add", Path: "/status", Value: doc{"phase": "Completed", "cost": 0, "finalOutput": "forty-two"}}})
			call := call{as: c.as, groups: c.groups, extra: c.extra, op: review.Update, group: "research.example.com", kind: "ResearchSession", resource: "researchsessions", object: wanted, old: stored}
			v, now := w.write(call)
			w.allowed(v)
			status := now["status"].(doc)
			output, _ := status["finalOutput"].(string)
			if status["phase"] != c.phase || output != c.output {
				t.Errorf("stored phase %v and output %q, want %s and %q", status["phase"], output, c.phase, c.output)
			}
			if annotation(now, keyPassport) != annotation(stored, keyPassport) {
				t.Error("a write of status minted a passport")
			}
			if c.as == "local:alice" {
				w.denied(w.gate.Handle(t.Context(), w.request(call, review.Validating)), "identity/status")
			}
		})
	}
}
