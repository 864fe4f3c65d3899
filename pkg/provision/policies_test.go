package provision

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts/live"
)

// webhookLease is what one replica of the webhook says of itself.
func webhookLease(identity, policies, rejected, asked, denials string) *coordinationv1.Lease {
	return webhookLeaseAudited(identity, policies, rejected, asked, denials, "")
}

func webhookLeaseAudited(identity, policies, rejected, asked, denials, audited string) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: live.LeasePrefix + identity, Annotations: map[string]string{
			live.AnnotationDigest: "sha256:abc", live.AnnotationPolicies: policies, live.AnnotationRejected: rejected,
			live.AnnotationAsked: asked, live.AnnotationDenials: denials, live.AnnotationAudited: audited,
		}},
		Spec: coordinationv1.LeaseSpec{RenewTime: ptr.To(metav1.NewMicroTime(day)), LeaseDurationSeconds: ptr.To(int32(10))},
	}
}

func TestPolicyStatus(t *testing.T) {
	type want struct {
		compiled, reason string
		decisions        int64
		denials          int64
		audited          int64
	}
	here := `{"acme.word":"uid-2"}`
	tests := map[string]struct {
		name   string
		leases []client.Object
		later  time.Duration
		want   want
	}{
		"no replica":                 {"acme.word", nil, 0, want{"0/0", ReasonWaiting, 0, 0, 0}},
		"in force everywhere":        {"acme.word", []client.Object{webhookLease("a", here, "", `{"acme/word":5}`, `{"acme/word":2}`), webhookLease("b", here, "", `{"acme/word":1,"other/x":9}`, "")}, 0, want{"2/2", ReasonReady, 6, 2, 0}},
		"only looks":                 {"acme.word", []client.Object{webhookLeaseAudited("a", here, "", `{"acme/word":5}`, "", `{"acme/word":4,"other/x":1}`), webhookLeaseAudited("b", here, "", "", "", `{"acme/word":3}`)}, 0, want{"2/2", ReasonReady, 5, 0, 7}},
		"an older version":           {"acme.word", []client.Object{webhookLease("a", here, "", "", ""), webhookLease("b", `{"acme.word":"uid-1"}`, "", "", "")}, 0, want{"1/2", ReasonWaiting, 0, 0, 0}},
		"another object of the name": {"acme.word", []client.Object{webhookLease("a", `{"acme.word":"else-2"}`, "", "", "")}, 0, want{"0/1", ReasonWaiting, 0, 0, 0}},
		"refused":                    {"acme.word", []client.Object{webhookLease("a", `{"acme.word":"uid-1"}`, `{"acme.word":"acme/word/rule.rego:3: no"}`, "", "")}, 0, want{"0/1", ReasonRefused, 0, 0, 0}},
		"the set as a whole":         {"acme.word", []client.Object{webhookLease("a", `{}`, `{"":"the canary passed"}`, "", "")}, 0, want{"0/1", ReasonRefused, 0, 0, 0}},
		"a name that is none":        {"word", []client.Object{webhookLease("a", `{}`, "", "", "")}, 0, want{"0/1", ReasonRefused, 0, 0, 0}},
		"unreadable":                 {"acme.word", []client.Object{webhookLease("a", `{`, "x", "x", "[]")}, 0, want{"0/1", ReasonWaiting, 0, 0, 0}},
		"a replica that died":        {"acme.word", []client.Object{webhookLease("a", here, "", `{"acme/word":5}`, "")}, time.Minute, want{"0/0", ReasonWaiting, 0, 0, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &v1alpha1.Policy{ObjectMeta: metav1.ObjectMeta{Name: tt.name, UID: "uid", Generation: 2}}
			s := newServer(t, append(tt.leases, p)...)
			now := day
			status := &policyStatus{client: s, live: s, namespace: system, now: func() time.Time { return now }}
			if err := status.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			if tt.later > 0 {
				now = now.Add(tt.later)
				if err := status.look(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			var got v1alpha1.Policy
			if err := s.Get(t.Context(), client.ObjectKeyFromObject(p), &got); err != nil {
				t.Fatal(err)
			}
			have := want{got.Status.Compiled, "", got.Status.Decisions, got.Status.Denials, got.Status.Audited}
			if len(got.Status.Conditions) == 1 {
				have.reason = got.Status.Conditions[0].Reason
			}
			if have != tt.want {
				t.Errorf("status %+v, want %+v", have, tt.want)
			}
			before := s.writes.Load()
			if err := status.look(t.Context()); err != nil || s.writes.Load() != before {
				t.Errorf("a look at nothing new writes: %v", err)
			}
		})
	}
}
