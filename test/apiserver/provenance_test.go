package apiserver

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/passport"
)

const passportKey = "gatehouse.dev/passport"

// sealedBy is whom the passport on an object names.
func sealedBy(object metav1.Object) string {
	GinkgoHelper()
	p, err := passport.Inspect(object.GetAnnotations()[passportKey])
	Expect(err).NotTo(HaveOccurred(), object.GetName())
	return p.UserID
}

// settledPod is the one Pod of an application, once it is there.
func settledPod(ctx context.Context, admin *user, namespace, app string) *corev1.Pod {
	GinkgoHelper()
	var found *corev1.Pod
	Eventually(func(g Gomega) {
		pods, err := admin.kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pods.Items).NotTo(BeEmpty())
		found = &pods.Items[0]
	}).WithContext(ctx).WithTimeout(soon).Should(Succeed())
	return found
}

var _ = Describe("Provenance", Ordered, func() {
	var alice, bob, admin *user
	BeforeAll(func(ctx SpecContext) {
		alice, bob, admin = home.as("alice"), home.as("bob"), home.as("admin")
		DeferCleanup(func(ctx SpecContext) {
			background := metav1.DeletePropagationBackground
			all, each := metav1.ListOptions{LabelSelector: "suite=provenance"}, metav1.DeleteOptions{PropagationPolicy: &background}
			Expect(admin.kube.AppsV1().Deployments(aliceNS).DeleteCollection(ctx, each, all)).To(Succeed())
			Expect(admin.kube.BatchV1().Jobs(bobNS).DeleteCollection(ctx, each, all)).To(Succeed())
			Expect(admin.kube.CoreV1().ConfigMaps(aliceNS).DeleteCollection(ctx, each, all)).To(Succeed())
			Expect(admin.kube.CoreV1().Pods(aliceNS).DeleteCollection(ctx, each, all)).To(Succeed())
		})
	}, NodeTimeout(time.Minute))
	bobs := func(ctx context.Context) string {
		GinkgoHelper()
		made, err := bob.create(ctx, bobNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: lent-}\n")
		Expect(err).NotTo(HaveOccurred())
		return made.GetAnnotations()[passportKey]
	}

	It("is one and the same from Deployment to Pod, whatever was planted in the template", func(ctx SpecContext) {
		planted := bobs(ctx)
		manifest := parse(workload("Deployment", "planted"))
		manifest.SetLabels(map[string]string{"suite": "provenance"})
		template := manifest.Object["spec"].(map[string]any)["template"].(map[string]any)["metadata"].(map[string]any)
		template["annotations"] = map[string]any{passportKey: planted, "gatehouse.dev/correlation-id": "planted"}
		r, err := alice.resource(manifest, aliceNS)
		Expect(err).NotTo(HaveOccurred())
		made, err := r.Create(ctx, manifest, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		pod := settledPod(ctx, admin, aliceNS, "planted")
		sets, err := admin.kube.AppsV1().ReplicaSets(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=planted"})
		Expect(err).NotTo(HaveOccurred())
		Expect(sets.Items).To(HaveLen(1))
		wire := made.GetAnnotations()[passportKey]
		Expect(sealedBy(made)).To(Equal("local:alice"))
		Expect(sets.Items[0].Annotations).To(HaveKeyWithValue(passportKey, wire))
		Expect(pod.Annotations).To(HaveKeyWithValue(passportKey, wire))
		Expect(pod.Annotations["gatehouse.dev/correlation-id"]).To(Equal(made.GetAnnotations()["gatehouse.dev/correlation-id"]))
		Expect(wire).NotTo(Equal(planted))
	}, SpecTimeout(2*time.Minute))

	It("is not what somebody copied", func(ctx SpecContext) {
		lent := bobs(ctx)
		made, err := alice.create(ctx, aliceNS, fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: copied, labels: {suite: provenance}, annotations: {%s: %q}}\n", passportKey, lent))
		Expect(err).NotTo(HaveOccurred())
		Expect(sealedBy(made)).To(Equal("local:alice"))
		own := made.GetAnnotations()[passportKey]

		By("patching it in, in every way")
		for kind, body := range map[types.PatchType]string{
			types.MergePatchType:          fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, passportKey, lent),
			types.StrategicMergePatchType: fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, passportKey, lent),
			types.JSONPatchType:           fmt.Sprintf(`[{"op":"replace","path":"/metadata/annotations/gatehouse.dev~1passport","value":%q}]`, lent),
		} {
			now, err := alice.kube.CoreV1().ConfigMaps(aliceNS).Patch(ctx, "copied", kind, []byte(body), metav1.PatchOptions{})
			Expect(err).NotTo(HaveOccurred(), string(kind))
			Expect(now.Annotations).To(HaveKeyWithValue(passportKey, own), string(kind))
		}
		removed := `[{"op":"remove","path":"/metadata/annotations"}]`
		now, err := alice.kube.CoreV1().ConfigMaps(aliceNS).Patch(ctx, "copied", types.JSONPatchType, []byte(removed), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(sealedBy(now)).To(Equal("local:alice"))
	}, SpecTimeout(time.Minute))

	It("is no matter of an owner that somebody made up", func(ctx SpecContext) {
		job := parse(waitingJob("bobs-job"))
		job.SetLabels(map[string]string{"suite": "provenance"})
		r, err := bob.resource(job, bobNS)
		Expect(err).NotTo(HaveOccurred())
		foreign, err := r.Create(ctx, job, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		ns, err := admin.kube.CoreV1().Namespaces().Get(ctx, aliceNS, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		for what, owner := range map[string]string{
			"bob's job":    fmt.Sprintf("{apiVersion: batch/v1, kind: Job, name: bobs-job, uid: %s, controller: true}", foreign.GetUID()),
			"nobody's job": "{apiVersion: batch/v1, kind: Job, name: none, uid: 00000000-0000-0000-0000-000000000000, controller: true}",
			"a namespace":  fmt.Sprintf("{apiVersion: v1, kind: Namespace, name: %s, uid: %s}", aliceNS, ns.UID),
		} {
			manifest := strings.Replace(podManifest("forged"), "metadata: {", "metadata: {ownerReferences: ["+owner+"], ", 1)
			_, err := alice.create(ctx, aliceNS, manifest)
			Expect(err).To(MatchError(ContainSubstring("denied by identity/no-owner: ")), what)
			_, err = admin.kube.CoreV1().Pods(aliceNS).Get(ctx, "forged", metav1.GetOptions{})
			Expect(apierrors.IsNotFound(err)).To(BeTrue(), what)
		}
		By("naming an owner that is there")
		deployment, err := alice.kube.AppsV1().Deployments(aliceNS).Get(ctx, "planted", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		owner := fmt.Sprintf("{apiVersion: apps/v1, kind: Deployment, name: planted, uid: %s}", deployment.UID)
		made, err := alice.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: owned, labels: {suite: provenance}, ownerReferences: ["+owner+"]}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(sealedBy(made)).To(Equal("local:alice"))
	}, SpecTimeout(2*time.Minute))

	It("is not moved by a binding, a status, a full PUT, and survives what a Pod goes through", func(ctx SpecContext) {
		lent := bobs(ctx)
		openRBAC(ctx, admin)
		manifest := strings.Replace(podManifest("travels"), "labels: {", "labels: {suite: provenance, ", 1)
		manifest = strings.Replace(manifest, "spec: {", "spec: {nodeSelector: {no: such-node}, ", 1)
		made, err := alice.create(ctx, aliceNS, manifest)
		Expect(err).NotTo(HaveOccurred())
		own := made.GetAnnotations()[passportKey]
		pods := alice.kube.CoreV1().Pods(aliceNS)
		stays := func(what string) {
			GinkgoHelper()
			now, err := admin.kube.CoreV1().Pods(aliceNS).Get(ctx, "travels", metav1.GetOptions{})
			Expect(err).NotTo(HaveOccurred())
			Expect(now.Annotations).To(HaveKeyWithValue(passportKey, own), what)
		}

		By("a PUT without it, once the scheduler has said its word and leaves the Pod alone")
		var pod *corev1.Pod
		Eventually(func() ([]corev1.PodCondition, error) {
			pod, err = pods.Get(ctx, "travels", metav1.GetOptions{})
			return pod.Status.Conditions, err
		}).WithContext(ctx).WithTimeout(soon).ShouldNot(BeEmpty())
		pod.Annotations = nil
		put, err := pods.Update(ctx, pod, metav1.UpdateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(put.ResourceVersion).To(Equal(pod.ResourceVersion))
		stays("PUT")

		By("a status that carries another's passport")
		body := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}},"status":{"message":"x"}}`, passportKey, lent)
		_, err = pods.Patch(ctx, "travels", types.MergePatchType, []byte(body), metav1.PatchOptions{}, "status")
		if err != nil {
			Expect(err).To(MatchError(ContainSubstring("denied by ")))
		}
		stays("status")

		By("an ephemeral container and a resize")
		debug := `{"spec":{"ephemeralContainers":[{"name":"debug","image":"registry.k8s.io/pause","terminationMessagePolicy":"File"}]}}`
		_, err = pods.Patch(ctx, "travels", types.StrategicMergePatchType, []byte(debug), metav1.PatchOptions{}, "ephemeralcontainers")
		Expect(err).NotTo(HaveOccurred())
		stays("ephemeralcontainers")
		resize := `{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"11m"}}}]}}`
		_, err = pods.Patch(ctx, "travels", types.StrategicMergePatchType, []byte(resize), metav1.PatchOptions{}, "resize")
		Expect(err).NotTo(HaveOccurred())
		stays("resize")

		By("a binding that carries another's passport")
		binding := &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: "travels", Annotations: map[string]string{passportKey: lent}}, Target: corev1.ObjectReference{Kind: "Node", Name: "node-0"}}
		Expect(pods.Bind(ctx, binding, metav1.CreateOptions{})).To(MatchError(ContainSubstring("denied by pods/placement: ")))
		Expect(admin.kube.CoreV1().Pods(aliceNS).Bind(ctx, binding, metav1.CreateOptions{})).To(Succeed())
		stays("binding")

		By("an eviction")
		Expect(pods.EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "travels"}})).To(Succeed())
	}, SpecTimeout(2*time.Minute))
})
