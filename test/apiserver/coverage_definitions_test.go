package apiserver

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// definitions are kinds that somebody installed after Gatehouse: one with two versions and
// every subresource that a definition can have, and one of the Gateway API.
const definitions = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Gizmo, plural: gizmos, singular: gizmo, listKind: GizmoList}
  versions:
  - &version
    name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
  - {<<: *version, name: v1beta1, storage: false}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: httproutes.gateway.networking.k8s.io, annotations: {api-approved.kubernetes.io: "unapproved, a test"}}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {kind: HTTPRoute, plural: httproutes, singular: httproute, listKind: HTTPRouteList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    subresources: {status: {}}
`

// define installs them until the spec ends.
func define(ctx context.Context, admin *user) {
	GinkgoHelper()
	out, err := admin.kubectl(ctx, definitions, "apply", "-f", "-")
	Expect(err).NotTo(HaveOccurred(), out)
	DeferCleanup(func(ctx SpecContext) {
		out, err := admin.kubectl(ctx, definitions, "delete", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
	}, NodeTimeout(time.Minute))
	for _, path := range []string{"/apis/example.com/v1/gizmos", "/apis/example.com/v1beta1/gizmos", "/apis/gateway.networking.k8s.io/v1/httproutes"} {
		Eventually(func() int {
			code, _ := request(ctx, admin, http.MethodGet, path, "", "")
			return code
		}).WithContext(ctx).WithTimeout(soon).WithPolling(50*time.Millisecond).Should(Equal(http.StatusOK), path)
	}
}
