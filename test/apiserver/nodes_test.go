package apiserver

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func lower(s string) string { return strings.ToLower(s) }

// nodeHeartbeat is when the older of the nodes last reported.
func nodeHeartbeat(ctx context.Context, admin *user) time.Time {
	GinkgoHelper()
	nodes, err := admin.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	Expect(err).NotTo(HaveOccurred())
	Expect(nodes.Items).NotTo(BeEmpty())
	oldest := time.Now()
	for _, n := range nodes.Items {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.LastHeartbeatTime.Time.Before(oldest) {
				oldest = c.LastHeartbeatTime.Time
			}
		}
	}
	return oldest
}

var _ = Describe("A node", func() {
	It("is itself, and does only a node's work", func(ctx SpecContext) {
		admin := home.as("admin")
		nodes, err := admin.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(nodes.Items).To(HaveLen(2))
		for _, n := range nodes.Items {
			for _, c := range n.Status.Conditions {
				if c.Type == corev1.NodeReady {
					Expect(c.Status).To(Equal(corev1.ConditionTrue), n.Name)
				}
			}
		}
		// As a node, past RBAC and the Node authorizer by impersonation from admin,
		// making a Pod in a tenant namespace is denied by the gate or before it.
		out, err := admin.kubectl(ctx, podManifest("from-node"), "-n", aliceNS, "create", "-f", "-", "--as=system:node:"+nodes.Items[0].Name, "--as-group=system:nodes", "--as-group=system:masters")
		Expect(err).To(HaveOccurred())
		Expect(out).To(Or(ContainSubstring("denied by identity/node: "), ContainSubstring("forbidden")))
	}, SpecTimeout(time.Minute))
})
