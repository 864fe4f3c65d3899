package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"

// webhooksGone attacks the walls where an administrator took the webhooks out of their
// configuration.
func webhooksGone(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	saved := f.read(ctx, validating+"/gatehouse")
	patch := func(webhooks any) attempt {
		return attempt{method: http.MethodPatch, path: validating + "/gatehouse", kind: "application/merge-patch+json", body: map[string]any{"webhooks": webhooks}}
	}
	f.unguarded(ctx, as, patch([]any{}), patch(saved["webhooks"]))
}

// webhooksOpen attacks them where an administrator lets the webhooks fail open.
func webhooksOpen(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	saved := f.read(ctx, validating+"/gatehouse")
	var policies []map[string]any
	hooks, _ := saved["webhooks"].([]any)
	for i := range hooks {
		policies = append(policies, map[string]any{"op": "replace", "path": fmt.Sprintf("/webhooks/%d/failurePolicy", i)})
	}
	patch := func(policy string) attempt {
		for _, p := range policies {
			p["value"] = policy
		}
		raw, err := json.Marshal(policies)
		Expect(err).NotTo(HaveOccurred())
		return attempt{method: http.MethodPatch, path: validating + "/gatehouse", kind: "application/json-patch+json", body: json.RawMessage(raw)}
	}
	f.unguarded(ctx, as, patch("Ignore"), patch("Fail"))
}

// unguarded takes the webhooks away, tries what guards alice, and puts them back.
func (f *fight) unguarded(ctx context.Context, as string, away, back attempt) {
	GinkgoHelper()
	quota := f.collection("v1", "ResourceQuota", homeNS) + "/gatehouse"
	merge := func(path, body string) attempt {
		return attempt{name: "merge patch", method: http.MethodPatch, path: path, kind: "application/merge-patch+json", body: json.RawMessage(body)}
	}
	walls := []attempt{
		merge(quota, `{"spec":{"hard":{"pods":"100000"}}}`),
		{name: "DELETE LimitRange", method: http.MethodDelete, path: f.collection("v1", "LimitRange", homeNS) + "/gatehouse"},
		{name: "DELETE NetworkPolicy", method: http.MethodDelete, path: f.collection("networking.k8s.io/v1", "NetworkPolicy", homeNS) + "/gatehouse-default-deny"},
		merge("/api/v1/namespaces/"+homeNS, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`),
		merge("/api/v1/namespaces/"+homeNS+"/status", `{"metadata":{"labels":{"gatehouse.dev/tenant":"bob"}}}`),
		{name: "CREATE NetworkPolicy", method: http.MethodPost, path: f.collection("networking.k8s.io/v1", "NetworkPolicy", homeNS), body: named(f.bases["networkpolicy"], "unguarded")},
		{name: "CREATE Role", method: http.MethodPost, path: f.collection("rbac.authorization.k8s.io/v1", "Role", homeNS), body: named(f.bases["role"], "unguarded")},
		{name: "DELETE ServiceAccount", method: http.MethodDelete, path: f.collection("v1", "ServiceAccount", homeNS) + "/deployer"},
	}
	put := func(ctx context.Context) {
		said := f.send(ctx, "admin", back)
		Expect(said.ok()).To(BeTrue(), said.said)
		Eventually(func() error { return refused(f.send(ctx, as, walls[0].dry()), "isolation/guards") }).
			WithContext(ctx).WithTimeout(soon).WithPolling(20*time.Millisecond).Should(Succeed(), "the webhooks are back")
	}
	DeferCleanup(func(ctx SpecContext) { put(ctx) }, NodeTimeout(time.Minute))
	f.unchanged(ctx, quota, func(map[string]any) {
		said := f.send(ctx, "admin", away)
		Expect(said.ok()).To(BeTrue(), said.said)
		// The API server hears of its own configuration a moment later.
		Eventually(func() error { return refused(f.send(ctx, as, walls[0].dry()), f.By) }).
			WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).Should(Succeed())
		f.denied(ctx, as, f.By, walls...)
		said = f.send(ctx, "admin", walls[0].dry())
		Expect(said.ok()).To(BeTrue(), "an admin may: %s", said.said)
		f.controls++
		put(ctx)
	})
}
