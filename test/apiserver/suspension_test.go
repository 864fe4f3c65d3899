package apiserver

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// amend changes a tenant's spec as the platform does.
func amend(ctx context.Context, admin *user, tenant, spec string) {
	GinkgoHelper()
	_, err := admin.dynamic.Resource(tenants).Patch(ctx, tenant, types.MergePatchType, []byte(`{"spec":`+spec+`}`), metav1.PatchOptions{})
	Expect(err).NotTo(HaveOccurred())
}

var _ = Describe("Suspending alice", Ordered, func() {
	It("stops what she asks for within two seconds, by whomever, and nothing of what ends", func(ctx SpecContext) {
		alice, bob, admin := home.as("alice"), home.as("bob"), home.as("admin")
		for _, kind := range []string{"Deployment", "CronJob"} {
			_, err := alice.create(ctx, aliceNS, workload(kind, "s-"+lower(kind)))
			Expect(err).NotTo(HaveOccurred())
		}
		DeferCleanup(func(ctx SpecContext) {
			amend(ctx, admin, "alice", `{"suspended":false}`)
			for _, kind := range []string{"Deployment", "CronJob"} {
				Expect(admin.remove(ctx, aliceNS, parse(workload(kind, "s-"+lower(kind))))).To(Succeed())
			}
		}, NodeTimeout(2*time.Minute))
		pod := settledPod(ctx, admin, aliceNS, "s-deployment")

		began := time.Now()
		amend(ctx, admin, "alice", `{"suspended":true}`)
		n := 0
		Eventually(func() error {
			n++
			_, err := alice.create(ctx, aliceNS, fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: suspended-%d}\n", n))
			return err
		}).WithContext(ctx).WithTimeout(slack * 2 * time.Second).WithPolling(10 * time.Millisecond).
			Should(MatchError(ContainSubstring(`denied by identity/suspended: tenant "alice" is suspended`)))
		report("a suspension is in force after %.2f s (promised: 2 s)", time.Since(began).Seconds())

		By("refusing growth, on her behalf too")
		out, err := alice.kubectl(ctx, "", "-n", aliceNS, "scale", "deployment/s-deployment", "--replicas=3")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("denied by identity/suspended"))
		Expect(alice.kube.CoreV1().Pods(aliceNS).Delete(ctx, pod.Name, metav1.DeleteOptions{})).To(Succeed())
		Eventually(func() (string, error) {
			return admin.kubectl(ctx, "", "-n", aliceNS, "get", "events", "--field-selector=reason=FailedCreate", "-o", "jsonpath={.items[*].message}")
		}).WithContext(ctx).WithTimeout(soon).Should(ContainSubstring("denied by identity/suspended"))
		Eventually(func() (int, error) {
			pods, err := admin.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=s-deployment"})
			return len(pods.Items), err
		}).WithContext(ctx).WithTimeout(soon).Should(BeZero())

		By("denying her CronJob's next Job")
		Eventually(func() (string, error) {
			return admin.kubectl(ctx, "", "-n", aliceNS, "get", "events", "--field-selector=involvedObject.name=s-cronjob,reason=FailedCreate", "-o", "jsonpath={.items[*].message}")
		}).WithContext(ctx).WithTimeout(2 * time.Minute).WithPolling(time.Second).Should(ContainSubstring("denied by identity/suspended"))

		By("letting her take away, and leaving bob alone")
		out, err = alice.kubectl(ctx, "", "-n", aliceNS, "scale", "deployment/s-deployment", "--replicas=0")
		Expect(err).NotTo(HaveOccurred(), out)
		_, err = bob.create(ctx, bobNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: unbothered-}\n")
		Expect(err).NotTo(HaveOccurred())

		By("letting her work again")
		amend(ctx, admin, "alice", `{"suspended":false}`)
		Eventually(func() error {
			_, err := alice.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: free-again-}\n")
			return err
		}).WithContext(ctx).WithTimeout(slack * 2 * time.Second).WithPolling(10 * time.Millisecond).Should(Succeed())
	}, SpecTimeout(6*time.Minute))
})

var _ = Describe("Transferring a tenant", Ordered, func() {
	It("is one field and one event, and takes along what was made", func(ctx SpecContext) {
		admin, erin, bob := home.as("admin"), home.as("erin"), home.as("bob")
		const ns = "claude-runner-user-erin"
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, "", parse(sample("tenant-erin.yaml")))).To(Succeed()) }, NodeTimeout(2*time.Minute))
		_, err := erin.create(ctx, "", sample("tenant-erin.yaml"))
		Expect(err).NotTo(HaveOccurred())
		Eventually(func() error { _, err := erin.create(ctx, ns, workload("Deployment", "handed")); return err }).
			WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(Succeed())
		before := settledPod(ctx, admin, ns, "handed")
		Expect(sealedBy(before)).To(Equal("local:erin"))

		stranger := home.stranger(ctx, "bare")
		amend(ctx, admin, "erin", `{"owner":{"user":"local:bare"}}`)
		Eventually(func() error {
			_, err := stranger.create(ctx, ns, "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: mine-now-}\n")
			return err
		}).WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(Succeed())

		By("keeping what runs alive under the new owner")
		Expect(admin.kube.CoreV1().Pods(ns).Delete(ctx, before.Name, metav1.DeleteOptions{})).To(Succeed())
		Eventually(func(g Gomega) {
			pods, err := admin.kube.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{LabelSelector: "app=handed"})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(pods.Items).To(HaveLen(1))
			g.Expect(pods.Items[0].Name).NotTo(Equal(before.Name))
		}).WithContext(ctx).WithTimeout(soon).Should(Succeed())

		By("shutting the former owner out, with every right that RBAC has")
		openRBAC(ctx, admin)
		for _, former := range []*user{erin, bob} {
			_, err = former.create(ctx, ns, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: not-hers}\n")
			Expect(err).To(MatchError(ContainSubstring("denied by isolation/tenant-membership: ")))
		}
		By("telling of it once")
		Eventually(func() (string, error) {
			return admin.kubectl(ctx, "", "get", "events", "-A", "--field-selector=reason=Transferred", "-o", "jsonpath={range .items[*]}{.message}{'\\n'}{end}")
		}).WithContext(ctx).WithTimeout(soon).Should(Equal("transferred from local:erin to local:bare; what was made before counts as the present owner's\n"))
	}, SpecTimeout(4*time.Minute))
})
