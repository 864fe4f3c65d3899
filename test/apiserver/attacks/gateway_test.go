package attacks

import (
	"context"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// gatewayKinds are those of the Gateway API that cases use, with the versions that are
// served. Their schemas are open: what refuses an attack is the rule and not a pattern.
var gatewayKinds = map[string][]string{
	"HTTPRoute": {"v1", "v1beta1"}, "GRPCRoute": {"v1"}, "TLSRoute": {"v1"}, "TCPRoute": {"v1"},
	"Gateway": {"v1", "v1beta1"}, "ReferenceGrant": {"v1", "v1beta1"},
}

// installGateway makes the definitions, before anybody asks discovery.
func (w *world) installGateway(ctx context.Context) {
	GinkgoHelper()
	const group, definitions = "gateway.networking.k8s.io", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	for kind, versions := range gatewayKinds {
		plural := strings.ToLower(kind) + "s"
		var served []any
		for i, version := range versions {
			served = append(served, map[string]any{"name": version, "served": true, "storage": i == 0, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}})
		}
		definition := map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": map[string]any{"name": plural + "." + group, "annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, a test"}},
			"spec": map[string]any{"group": group, "scope": "Namespaced", "versions": served,
				"names": map[string]any{"kind": kind, "plural": plural, "singular": strings.ToLower(kind), "listKind": kind + "List"}},
		}
		said := w.send(ctx, "admin", attempt{method: http.MethodPost, path: definitions, body: definition})
		Expect(said.ok()).To(BeTrue(), said.said)
		DeferCleanup(func(ctx SpecContext) {
			Expect(w.send(ctx, "admin", attempt{method: http.MethodDelete, path: definitions + "/" + plural + "." + group}).ok()).To(BeTrue())
		}, NodeTimeout(time.Minute))
		for _, version := range versions {
			Eventually(func() bool {
				return w.send(ctx, "admin", attempt{method: http.MethodGet, path: "/apis/" + group + "/" + version + "/" + plural}).ok()
			}).WithContext(ctx).WithTimeout(soon).WithPolling(50*time.Millisecond).Should(BeTrue(), "%s %s is served", version, kind)
		}
	}
}
