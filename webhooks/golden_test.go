package webhooks

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/review"
)

var update = flag.Bool("update", false, "write the golden responses anew")

// golden ties a review of testdata to the path it is sent to and the verdict it gets.
var golden = map[string]struct {
	path    string
	verdict review.Verdict
}{
	"session-create-mutate": {"/mutate/tenant", review.Verdict{
		Outcome: review.Allowed,
		Patches: []review.Patch{
			{Op: "add", Path: "/metadata/annotations", Value: map[string]string{}},
			{Op: "add", Path: "/metadata/annotations/gatehouse.dev~1correlation-id", Value: "0f3c"},
		},
		Warnings: []string{"a passport that came along was dropped"},
		Trace:    trace,
	}},
	"session-create-validate": {"/validate/tenant", review.Verdict{Outcome: review.Allowed, Trace: trace}},
	"session-foreign": {"/validate/tenant", review.Deny(foreign,
		review.Denial{
			Rule:    "isolation/tenant-membership",
			Problem: `"local:alice" has no right on tenant "bob"`, Allowed: "her own namespace is claude-runner-user-alice",
			Next: "write there",
		},
		review.Denial{Rule: "models/granted", Problem: `model "claude-opus" is not granted`, Allowed: "claude-sonnet", Next: "choose one of these"},
	)},
	"pod-delete":     {"/validate/tenant", review.Verdict{Outcome: review.Allowed, Trace: trace}},
	"pod-exec":       {"/validate/tenant", review.Deny(foreign, review.Denial{Rule: "isolation/tenant-membership", Problem: "not hers"})},
	"scale-update":   {"/validate/tenant", review.Fail(trace, "policy quota/sessions: undefined result")},
	"namespace-drop": {"/validate/namespaces", review.Deny(trace, review.Denial{Rule: "isolation/namespace-labels", Problem: "label gatehouse.dev/tenant removed"})},
	"tenant-onboard": {"/mutate/platform", review.Verdict{
		Outcome: review.Allowed, Trace: trace,
		Patches: []review.Patch{{Op: "add", Path: "/spec/organization", Value: "individuals"}},
	}},
	"guest-node": {"/validate/guests", review.Verdict{}},
}

var trace = review.Trace{
	Correlation: "0f3c", Tenant: "alice", Organization: "acme", Tier: "standard", Class: "human", Role: "member",
	Relation: "owner", Author: "local:alice", Actor: "local:alice", KeyID: "k1", PolicyDigest: "sha256:5d41",
}

var foreign = review.Trace{
	Correlation: "0f3d", Tenant: "bob", Organization: "globex", Tier: "premium", Class: "human", Role: "none",
	Relation: "foreign", Author: "local:alice", Actor: "local:alice", PolicyDigest: "sha256:5d41", Audited: []string{"images/allowed"},
}

func TestGolden(t *testing.T) {
	requests, err := filepath.Glob("testdata/*/request.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(requests) != len(golden) {
		t.Errorf("%d reviews in testdata, %d in the table", len(requests), len(golden))
	}
	for name, test := range golden {
		t.Run(name, func(t *testing.T) {
			request, err := os.ReadFile(filepath.Join("testdata", name, "request.json"))
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, always(test.verdict))
			response := r.post(test.path+"?timeout=5s", string(request))
			var got bytes.Buffer
			if err := json.Indent(&got, []byte(text(t, response)), "", "  "); err != nil {
				t.Fatalf("status %d: %v", response.StatusCode, err)
			}
			got.WriteByte('\n')
			file := filepath.Join("testdata", name, "response.json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("response (-want +got, -update writes it):\n%s", diff)
			}
		})
	}
}
