package apiserver

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"gatehouse.dev/gatehouse/pkg/passport"
)

const byRevokedKey = "denied by identity/passport-revoked-key"

var _ = Describe("A revoked passport key", Ordered, func() {
	It("is refused at once, keeps status, scale-down and deletion, and a new write of the owner revives", func(ctx SpecContext) {
		admin, alice := home.as("admin"), home.as("alice")
		// Two rotations around them, so that these objects alone are under the key.
		kid := rotate(ctx, admin)
		names := []string{"revoked", "discarded"}
		for _, name := range names {
			made, err := alice.create(ctx, aliceNS, strings.Replace(workload("Deployment", name), "spec: {selector", "spec: {replicas: 2, selector", 1))
			Expect(err).NotTo(HaveOccurred())
			Expect(keyOf(made.GetAnnotations())).To(Equal(kid))
			DeferCleanup(func(ctx SpecContext) {
				Expect(alice.remove(ctx, aliceNS, parse(workload("Deployment", name)))).To(Succeed())
			}, NodeTimeout(time.Minute))
		}
		for _, name := range names {
			Eventually(podsOf(ctx, admin, aliceNS, name)).WithContext(ctx).WithTimeout(soon).Should(Equal(2))
		}
		next := rotate(ctx, admin)
		_, err := alice.create(ctx, aliceNS, workload("Deployment", "kept"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(alice.remove(ctx, aliceNS, parse(workload("Deployment", "kept")))).To(Succeed())
		}, NodeTimeout(time.Minute))
		Eventually(podsOf(ctx, admin, aliceNS, "kept")).WithContext(ctx).WithTimeout(soon).Should(Equal(1))

		By("its controller makes pods, as long as the key is good")
		probe := podProbe(ctx, admin, "revoked")
		Expect(probe()).To(Succeed())
		removeOnePod(ctx, admin, alice, "revoked")
		Eventually(podsOf(ctx, admin, aliceNS, "revoked")).WithContext(ctx).WithTimeout(soon).Should(Equal(2))

		By("revoking it")
		annotateKeys(ctx, admin, "gatehouse.dev/revoke", kid)
		DeferCleanup(func(ctx SpecContext) { annotateKeys(ctx, admin, "gatehouse.dev/revoke", nil) })
		began, last, denied := time.Now(), time.Duration(0), 0
		for denied < 20 && time.Since(began) < slack*5*time.Second {
			if err := probe(); err != nil {
				Expect(err).To(MatchError(ContainSubstring(byRevokedKey)))
				denied++
				continue
			}
			last, denied = time.Since(began), 0
		}
		Expect(denied).To(Equal(20), "not refused by both replicas within %s", slack*5*time.Second)
		report("a revoked key was accepted for the last time %.3f s after it was revoked (promised: 5 s)", last.Seconds())

		By("no pod is made below it, for the reason that the event gives")
		removeOnePod(ctx, admin, alice, "revoked")
		Eventually(func() []string { return failedCreates(ctx, admin, aliceNS, "revoked") }).WithContext(ctx).WithTimeout(soon).
			Should(ContainElement(And(HavePrefix("revoked-"), ContainSubstring(byRevokedKey))))
		Expect(podsOf(ctx, admin, aliceNS, "revoked")()).To(Equal(1))
		removeOnePod(ctx, admin, alice, "kept")
		Eventually(podsOf(ctx, admin, aliceNS, "kept")).WithContext(ctx).WithTimeout(soon).Should(Equal(1), "under another key all goes on")

		By("status, scale-down and deletion go on")
		Eventually(func() (int32, error) {
			d, err := alice.kube.AppsV1().Deployments(aliceNS).Get(ctx, "revoked", metav1.GetOptions{})
			if err != nil {
				return 0, err
			}
			return d.Status.Replicas, nil
		}).WithContext(ctx).WithTimeout(soon).Should(BeEquivalentTo(1))
		out, err := alice.kubectl(ctx, "", "-n", aliceNS, "scale", "deployment/revoked", "--replicas=0")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(podsOf(ctx, admin, aliceNS, "revoked")).WithContext(ctx).WithTimeout(soon).Should(BeZero())
		Expect(alice.remove(ctx, aliceNS, parse(workload("Deployment", "discarded")))).To(Succeed())
		Eventually(podsOf(ctx, admin, aliceNS, "discarded")).WithContext(ctx).WithTimeout(soon).Should(BeZero())

		By("it works again once alice has written it")
		patched, err := alice.kube.AppsV1().Deployments(aliceNS).Patch(ctx, "revoked", types.MergePatchType, []byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(keyOf(patched.Annotations)).To(Equal(next))
		Eventually(podsOf(ctx, admin, aliceNS, "revoked")).WithContext(ctx).WithTimeout(soon).Should(Equal(2))
		Expect(keyCondition(ctx, admin, "Revoked")()).To(Equal("True Revoked"))
	}, SpecTimeout(5*time.Minute))

	It("that was the one that signs is replaced, and honest writes wait for the next", func(ctx SpecContext) {
		admin, alice := home.as("admin"), home.as("alice")
		kid := rotate(ctx, admin) // so that nothing but what follows is under it
		w := startWriters(ctx, map[string][]*user{aliceNS: {alice, home.as("alice")}, bobNS: {home.as("bob")}})
		DeferCleanup(w.end)
		Eventually(w.signed).WithContext(ctx).WithTimeout(soon).Should(HaveKey(kid))
		began := time.Now()
		annotateKeys(ctx, admin, "gatehouse.dev/revoke", kid)
		DeferCleanup(func(ctx SpecContext) { annotateKeys(ctx, admin, "gatehouse.dev/revoke", nil) })
		var next string
		Eventually(func() string {
			_, ring := keySecret(ctx, admin)
			next = ring.Active()
			return next
		}).WithContext(ctx).WithTimeout(slack * 5 * time.Second).WithPolling(10 * time.Millisecond).ShouldNot(BeElementOf("", kid))
		gap := time.Since(began)
		Eventually(w.signed).WithContext(ctx).WithTimeout(soon).Should(HaveKey(next))
		w.end()
		report("another key signed %.2f s after the active one was revoked; %d writes, %d refused, the longest took %.2f s",
			gap.Seconds(), w.written, len(w.refused), w.longest.Seconds())
		for _, err := range w.refused {
			report("refused meanwhile: %s", err)
			// One that was sealed under the key in the very moment between its two reviews.
			Expect(err).To(MatchError(Or(ContainSubstring(byRevokedKey), ContainSubstring("not found"))))
		}
		Expect(len(w.refused)).To(BeNumerically("<=", 3*3), "at most what was under way")
		_, ring := keySecret(ctx, admin)
		_, err := ring.Verify(w.signed()[kid], passport.AudienceAdmission, time.Now())
		Expect(err).To(MatchError(passport.ErrRevokedKey))
	}, SpecTimeout(2*time.Minute))
})

// keyOf is the key that an object's passport is under.
func keyOf(annotations map[string]string) string {
	GinkgoHelper()
	p, err := passport.Inspect(annotations["gatehouse.dev/passport"])
	Expect(err).NotTo(HaveOccurred())
	return p.KeyID
}

// podProbe asks, without storing anything, for a Pod as the ReplicaSet controller would
// make it for a Deployment's only ReplicaSet.
func podProbe(ctx context.Context, admin *user, app string) func() error {
	GinkgoHelper()
	sets, err := admin.kube.AppsV1().ReplicaSets(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	Expect(err).NotTo(HaveOccurred())
	Expect(sets.Items).To(HaveLen(1))
	set := sets.Items[0]
	config := rest.CopyConfig(admin.config)
	config.Impersonate.UserName = "system:serviceaccount:kube-system:replicaset-controller"
	config.Impersonate.Groups = []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"}
	controller, err := kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		GenerateName: set.Name + "-", Labels: set.Spec.Template.Labels,
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(&set, set.GroupVersionKind())},
	}, Spec: set.Spec.Template.Spec}
	pod.OwnerReferences[0].APIVersion, pod.OwnerReferences[0].Kind = "apps/v1", "ReplicaSet"
	return func() error {
		_, err := controller.CoreV1().Pods(aliceNS).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return fmt.Errorf("pod of %s: %w", set.Name, err)
		}
		return nil
	}
}

// removeOnePod deletes a Pod and waits until it is gone.
func removeOnePod(ctx context.Context, admin, as *user, app string) {
	GinkgoHelper()
	pods, err := admin.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	Expect(err).NotTo(HaveOccurred())
	Expect(pods.Items).NotTo(BeEmpty())
	name := pods.Items[0].Name
	Expect(as.kube.CoreV1().Pods(aliceNS).Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: seconds(0)})).To(Succeed())
	Eventually(func() error {
		_, err := admin.kube.CoreV1().Pods(aliceNS).Get(ctx, name, metav1.GetOptions{})
		return err
	}).
		WithContext(ctx).WithTimeout(soon).ShouldNot(Succeed())
}
