package apiserver

import (
	"fmt"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func ready(object *unstructured.Unstructured) (status, message string) {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if m, ok := c.(map[string]any); ok && m["type"] == "Ready" {
			status, _ = m["status"].(string)
			message, _ = m["message"].(string)
		}
	}
	return status, message
}

var _ = Describe("Onboarding", Ordered, func() {
	It("gives erin a working namespace for one kubectl create", func(ctx SpecContext) {
		erin, admin := home.as("erin"), home.as("admin")
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, "", parse(sample("tenant-erin.yaml")))).To(Succeed()) }, NodeTimeout(2*time.Minute))
		began := time.Now()
		out, err := erin.kubectl(ctx, sample("tenant-erin.yaml"), "create", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(func() error {
			_, err := erin.create(ctx, "claude-runner-user-erin", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n")
			return err
		}).WithContext(ctx).WithTimeout(slack * 10 * time.Second).WithPolling(50 * time.Millisecond).Should(Succeed())
		report("erin writes in her own namespace %.2f s after kubectl create (promised: 10 s)", time.Since(began).Seconds())

		tenant, err := admin.dynamic.Resource(tenants).Get(ctx, "erin", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(tenant.Object["spec"]).To(Equal(map[string]any{"owner": map[string]any{"user": "local:erin"}, "organization": "individuals", "tier": "standard"}))
		out, err = erin.kubectl(ctx, "", "-n", "claude-runner-user-erin", "get", "usage", "current")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(ContainSubstring("local:erin"))

		By("asking twice")
		out, err = erin.kubectl(ctx, sample("tenant-erin.yaml"), "create", "-f", "-")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("already exists"))
	}, SpecTimeout(3*time.Minute))

	It("is closed for people whom the API server does not let in", func(ctx SpecContext) {
		for _, name := range []string{"alice", "bob"} {
			who, err := home.as(name).kubectl(ctx, "", "auth", "whoami", "-o", "json")
			Expect(err).NotTo(HaveOccurred(), who)
			Expect(who).To(And(ContainSubstring(`"local:`+name+`"`), ContainSubstring("gatehouse:users"), ContainSubstring("gatehouse.dev/email")))
			Expect(who).NotTo(ContainSubstring("system:masters"))
		}
	}, SpecTimeout(time.Minute))
})

var _ = Describe("The provisioner", Ordered, func() {
	It("has every sample tenant ready, with walls", func(ctx SpecContext) {
		admin := home.as("admin")
		for _, name := range []string{"alice", "bob", "carol", "dave"} {
			tenant, err := admin.dynamic.Resource(tenants).Get(ctx, name, metav1.GetOptions{})
			Expect(err).NotTo(HaveOccurred())
			status, message := ready(tenant)
			Expect(status).To(Equal("True"), message)
		}
		ns, err := admin.kube.CoreV1().Namespaces().Get(ctx, aliceNS, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(ns.Labels).To(And(HaveKeyWithValue("gatehouse.dev/tenant", "alice"), HaveKeyWithValue("gatehouse.dev/organization", "acme"),
			HaveKeyWithValue("gatehouse.dev/tier", "standard"), HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"), HaveKeyWithValue("pod-security.kubernetes.io/warn", "restricted")))
		quotas, err := admin.kube.CoreV1().ResourceQuotas(aliceNS).List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(quotas.Items).To(HaveLen(1))
		Expect(quotas.Items[0].Spec.Hard).To(HaveKey(corev1.ResourceName("services.nodeports")))
		policies, err := admin.kube.NetworkingV1().NetworkPolicies(aliceNS).List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(len(policies.Items)).To(BeNumerically(">=", 2))
		deployer, err := admin.kube.CoreV1().ServiceAccounts(aliceNS).Get(ctx, "deployer", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(deployer.AutomountServiceAccountToken).To(HaveValue(BeFalse()))
	}, SpecTimeout(time.Minute))

	It("adopts no namespace that it did not make", func(ctx SpecContext) {
		admin := home.as("admin")
		taken := "claude-runner-user-taken"
		_, err := admin.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: taken, Annotations: map[string]string{"hers": "yes"}}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		tenant := parse("apiVersion: gatehouse.dev/v1alpha1\nkind: Tenant\nmetadata: {name: taken}\nspec: {owner: {user: 'local:taken'}, organization: individuals, tier: standard}\n")
		DeferCleanup(func(ctx SpecContext) {
			Expect(admin.remove(ctx, "", tenant)).To(Succeed())
			still, err := admin.kube.CoreV1().Namespaces().Get(ctx, taken, metav1.GetOptions{})
			Expect(err).NotTo(HaveOccurred(), "deleting the tenant must leave a namespace that is not its own")
			Expect(still.DeletionTimestamp).To(BeNil())
			Expect(admin.kube.CoreV1().Namespaces().Delete(ctx, taken, metav1.DeleteOptions{})).To(Succeed())
		}, NodeTimeout(time.Minute))
		_, err = admin.dynamic.Resource(tenants).Create(ctx, tenant, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Eventually(func(g Gomega) {
			now, err := admin.dynamic.Resource(tenants).Get(ctx, "taken", metav1.GetOptions{})
			g.Expect(err).NotTo(HaveOccurred())
			status, message := ready(now)
			g.Expect(status).To(Equal("False"))
			g.Expect(message).To(ContainSubstring(taken))
		}).WithContext(ctx).WithTimeout(slack * 5 * time.Second).Should(Succeed())
		ns, err := admin.kube.CoreV1().Namespaces().Get(ctx, taken, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(ns.Labels).NotTo(HaveKey("gatehouse.dev/tenant"))
	}, SpecTimeout(2*time.Minute))

	It("leaves no namespace of tenants that were deleted as they were made", func(ctx SpecContext) {
		admin := home.as("admin")
		const hasty = 16
		var all sync.WaitGroup
		for n := range hasty {
			all.Go(func() {
				defer GinkgoRecover()
				tenant := parse(fmt.Sprintf("apiVersion: gatehouse.dev/v1alpha1\nkind: Tenant\nmetadata: {name: hasty-%d}\nspec: {owner: {user: 'local:hasty-%d'}, organization: individuals, tier: standard}\n", n, n))
				_, err := admin.dynamic.Resource(tenants).Create(ctx, tenant, metav1.CreateOptions{})
				Expect(err).NotTo(HaveOccurred())
				// The finalizer comes within these milliseconds, during the one's deletion or the other's.
				time.Sleep(time.Duration(2*n) * time.Millisecond)
				Expect(admin.remove(ctx, "", tenant)).To(Succeed())
			})
		}
		all.Wait()
		// Some come only now: whoever makes them heard of a tenant and not yet of its end.
		last, names := time.Now(), []string(nil)
		Eventually(func() (time.Duration, error) {
			list, err := admin.kube.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
			if err != nil {
				return 0, err
			}
			var left []string
			for _, ns := range list.Items {
				if strings.Contains(ns.Name, "-hasty-") {
					left = append(left, ns.Name)
				}
			}
			if len(left) > 0 {
				last, names = time.Now(), left
			}
			return time.Since(last), nil
		}).WithContext(ctx).WithTimeout(slack*20*time.Second).WithPolling(200*time.Millisecond).Should(BeNumerically(">", 5*time.Second), func() string {
			return fmt.Sprintf("none for five seconds; seen last: %v", names)
		})
	}, SpecTimeout(4*time.Minute))

	It("has a tenant ready within five seconds", func(ctx SpecContext) {
		admin := home.as("admin")
		tenant := parse("apiVersion: gatehouse.dev/v1alpha1\nkind: Tenant\nmetadata: {name: quick}\nspec: {owner: {user: 'local:quick'}, organization: individuals, tier: standard}\n")
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, "", tenant)).To(Succeed()) }, NodeTimeout(2*time.Minute))
		began := time.Now()
		_, err := admin.dynamic.Resource(tenants).Create(ctx, tenant, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Eventually(func() string {
			now, err := admin.dynamic.Resource(tenants).Get(ctx, "quick", metav1.GetOptions{})
			if err != nil {
				return err.Error()
			}
			status, _ := ready(now)
			return status
		}).WithContext(ctx).WithTimeout(slack * 5 * time.Second).WithPolling(20 * time.Millisecond).Should(Equal("True"))
		report("a tenant is ready %.2f s after it was created (promised: 5 s)", time.Since(began).Seconds())
	}, SpecTimeout(3*time.Minute))
})
