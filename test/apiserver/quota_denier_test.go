package apiserver

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// webhookOfAnother denies some creates of sessions at random, after or before ours.
type webhookOfAnother struct{ armed atomic.Bool }

func (w *webhookOfAnother) arm(on bool) { w.armed.Store(on) }

// denier registers a second validating webhook until the spec ends.
func denier(ctx context.Context, admin *user, part float64) *webhookOfAnother {
	GinkgoHelper()
	w := &webhookOfAnother{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		var r admissionv1.AdmissionReview
		if err := json.NewDecoder(in.Body).Decode(&r); err != nil || r.Request == nil {
			http.Error(out, "no review", http.StatusBadRequest)
			return
		}
		r.Response = &admissionv1.AdmissionResponse{UID: r.Request.UID, Allowed: true}
		if w.armed.Load() && rand.Float64() < part { //nolint:gosec // Chance, not a secret.
			r.Response.Allowed = false
			r.Response.Result = &metav1.Status{Message: "another webhook says no"}
		}
		r.Request = nil
		_ = json.NewEncoder(out).Encode(r)
	}))
	DeferCleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	url := server.URL + "/deny"
	_, err := admin.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "another"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "another.example.com", ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: ca},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{"research.example.com"}, APIVersions: []string{"v1"}, Resources: []string{"researchsessions"}},
			}},
			FailurePolicy: ptr.To(admissionregistrationv1.Fail), SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr.To(int32(5)),
		}},
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		Expect(admin.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(ctx, "another", metav1.DeleteOptions{})).To(Succeed())
	})
	return w
}
