package apiserver

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const soon = slack * 10 * time.Second

var _ = Describe("With every webhook process killed", Ordered, func() {
	It("alice's writes fail closed, what must go on goes on, and back up all is well", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		_, err := alice.create(ctx, aliceNS, waitingJob("lasting"))
		Expect(err).NotTo(HaveOccurred())
		_, err = alice.create(ctx, aliceNS, podManifest("single"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(waitingJob("lasting")))).To(Succeed()) }, NodeTimeout(time.Minute))
		phase := func(app string) func() (string, error) {
			return func() (string, error) {
				pods, err := admin.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
				if err != nil || len(pods.Items) != 1 {
					return fmt.Sprintf("%d pods", len(pods.Items)), err
				}
				return string(pods.Items[0].Status.Phase), nil
			}
		}
		Eventually(phase("lasting")).WithContext(ctx).WithTimeout(soon).Should(Equal("Pending"))
		Eventually(phase("single")).WithContext(ctx).WithTimeout(soon).Should(Equal("Running"))

		By("deleting what will have to end without us, then killing the webhooks")
		Expect(alice.kube.CoreV1().Pods(aliceNS).Delete(ctx, "single", metav1.DeleteOptions{GracePeriodSeconds: seconds(30)})).To(Succeed())
		background := metav1.DeletePropagationBackground
		Expect(alice.kube.BatchV1().Jobs(aliceNS).Delete(ctx, "lasting", metav1.DeleteOptions{PropagationPolicy: &background})).To(Succeed())
		for _, process := range []string{"webhook-0", "webhook-1"} {
			home.launcher(ctx, "stop "+process)
		}

		By("failing closed")
		_, err = alice.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: unguarded}\n")
		Expect(apierrors.IsInternalError(err)).To(BeTrue(), "%v", err)
		Expect(err.Error()).To(ContainSubstring("gatehouse.dev"))
		_, err = admin.kube.CoreV1().ConfigMaps(aliceNS).Get(ctx, "unguarded", metav1.GetOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue())

		By("letting pods and jobs that were deleted end")
		Eventually(func(g Gomega) {
			pods, err := admin.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(pods.Items).To(BeEmpty())
		}).WithContext(ctx).WithTimeout(soon).Should(Succeed())

		By("letting nodes report and kube-system work")
		renewed := nodeHeartbeat(ctx, admin)
		Eventually(func() time.Time { return nodeHeartbeat(ctx, admin) }).WithContext(ctx).WithTimeout(2 * time.Minute).WithPolling(time.Second).Should(BeTemporally(">", renewed))
		_, err = admin.create(ctx, "kube-system", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: during-outage}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(admin.kube.CoreV1().ConfigMaps("kube-system").Delete(ctx, "during-outage", metav1.DeleteOptions{})).To(Succeed())

		By("working again once a webhook is back")
		began := time.Now()
		for _, process := range []string{"webhook-0", "webhook-1"} {
			home.launcher(ctx, "start "+process)
		}
		Eventually(func() error {
			_, err := alice.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: guarded}\n")
			return err
		}).WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(Succeed())
		report("alice writes again %.2f s after the webhooks were started", time.Since(began).Seconds())
		Expect(alice.kube.CoreV1().ConfigMaps(aliceNS).Delete(ctx, "guarded", metav1.DeleteOptions{})).To(Succeed())
	}, SpecTimeout(10*time.Minute))
})
