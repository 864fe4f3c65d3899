package apiserver

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/test/manifests/admission"
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
		node := nodes.Items[0].Name
		openRBACTo(ctx, admin, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: "system:node:" + node})
		kubelet := home.from(filepath.Join(home.state, "credentials", node+".yaml"))

		By("denying it what is no node's work")
		_, err = kubelet.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-node}\n")
		Expect(err).To(MatchError(ContainSubstring("denied by identity/node: ")))
		_, err = admin.kube.CoreV1().ConfigMaps(aliceNS).Get(ctx, "from-node", metav1.GetOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)

		By("letting it report on and end a pod of its own")
		manifest := strings.Replace(podManifest("on-node"), "spec: {", "spec: {nodeName: "+node+", ", 1)
		_, err = admin.create(ctx, aliceNS, manifest)
		Expect(err).NotTo(HaveOccurred())
		status := []byte(`{"status":{"message":"said by its node"}}`)
		_, err = kubelet.kube.CoreV1().Pods(aliceNS).Patch(ctx, "on-node", types.StrategicMergePatchType, status, metav1.PatchOptions{}, "status")
		Expect(err).NotTo(HaveOccurred())
		Expect(kubelet.kube.CoreV1().Pods(aliceNS).Delete(ctx, "on-node", metav1.DeleteOptions{GracePeriodSeconds: seconds(0)})).To(Succeed())
	}, SpecTimeout(time.Minute))
})

var _ = Describe("The list of controllers", func() {
	It("has every account that the real controller-manager uses", func(ctx SpecContext) {
		known := map[string]bool{"default": true}
		for _, c := range admission.Controllers() {
			known[c.Name] = true
		}
		accounts, err := home.as("admin").kube.CoreV1().ServiceAccounts("kube-system").List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(len(accounts.Items)).To(BeNumerically(">", 20))
		for _, a := range accounts.Items {
			Expect(known).To(HaveKey(a.Name), "an account of kube-system that the exemption list does not know")
		}
	}, SpecTimeout(time.Minute))
})
