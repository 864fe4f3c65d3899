package conformance

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
)

// fresh runs every case on reservations of its own.
type fresh struct {
	*Reviewer
	gate *gate.Gate
}

func (f fresh) Do(ctx context.Context, c Case) (Answer, error) {
	f.gate.Ledger.(*Ledger).Reset()
	return f.Reviewer.Do(ctx, c)
}

func TestGate(t *testing.T) {
	handler, g, keys := webhook(t)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	Run(t, fresh{gate: g, Reviewer: &Reviewer{
		Ask: AskHTTP(server.Client(), server.URL),
		Verify: func(wire string) (passport.UserPassport, error) {
			return keys.Verify(wire, passport.AudienceAdmission, time.Now())
		},
	}})
}

// TestSuiteCanFail proves that the suite notices a gate that allows everything, and one
// that denies everything.
func TestSuiteCanFail(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		target := &Reviewer{Ask: func(_ context.Context, _ string, r *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
			return &admissionv1.AdmissionResponse{UID: r.UID, Allowed: allowed, Result: &metav1.Status{Message: "no"}}, nil
		}}
		for _, c := range Cases() {
			if c.Denied == "" == allowed && c.Author == "" && len(c.Stored) == 0 {
				continue
			}
			if Check(t.Context(), target, c) == nil {
				t.Errorf("case %q does not notice a gate whose every answer is allowed=%v", c.Name, allowed)
			}
		}
	}
}
