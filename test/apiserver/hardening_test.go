package apiserver

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
)

// legacyJob is the Job that Claude Runner's operator makes: no user, no seccomp profile.
const legacyJob = `apiVersion: batch/v1
kind: Job
metadata: {name: legacy-job, labels: {research-session: legacy, app: claude-runner}}
spec:
  backoffLimit: 3
  activeDeadlineSeconds: 1800
  template:
    metadata: {labels: {research-session: legacy, app: claude-runner}}
    spec:
      restartPolicy: Never
      volumes: [{name: dshm, emptyDir: {medium: Memory, sizeLimit: 256Mi}}]
      containers:
      - name: claude-runner
        image: quay.io/gkrumbach07/claude-runner:latest
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: false, capabilities: {drop: [ALL]}}
        env: [{name: HOME, value: /tmp}]
        resources: {requests: {cpu: '1', memory: 2Gi}, limits: {cpu: '2', memory: 4Gi}}
        volumeMounts: [{name: dshm, mountPath: /dev/shm}]
`

// said checks that all that one value says is in the other as it was said.
func said(want, have any, at string) {
	GinkgoHelper()
	switch want := want.(type) {
	case map[string]any:
		have, _ := have.(map[string]any)
		for key, value := range want {
			said(value, have[key], at+"."+key)
		}
	case []any:
		Expect(have).To(HaveLen(len(want)), at)
		for i := range want {
			said(want[i], have.([]any)[i], fmt.Sprintf("%s[%d]", at, i))
		}
	default:
		Expect(have).To(BeEquivalentTo(want), at)
	}
}

// filledIn checks what is filled in where a Pod's author said nothing.
func filledIn(pod *corev1.Pod) {
	GinkgoHelper()
	Expect(pod.Spec.SecurityContext).To(Equal(&corev1.PodSecurityContext{
		RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To(int64(1000)), RunAsGroup: ptr.To(int64(1000)), FSGroup: ptr.To(int64(1000)),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}))
	for _, c := range pod.Spec.Containers {
		Expect(c.SecurityContext.AllowPrivilegeEscalation).To(HaveValue(BeFalse()))
		Expect(c.SecurityContext.Capabilities.Drop).To(Equal([]corev1.Capability{"ALL"}))
	}
	Expect(pod.Spec.Volumes).NotTo(ContainElement(HaveField("Projected", Not(BeNil()))), "no token is mounted")
}

// relabeled sets the level of Pod Security that alice's namespace enforces; the
// provisioner puts it back at once.
func relabeled(ctx context.Context, admin *user, level string) error {
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":%q}}}`, level)
	_, err := admin.kube.CoreV1().Namespaces().Patch(ctx, aliceNS, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

const securityLine = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {securityContext: %s, containers: [{name: c, image: registry.k8s.io/pause, securityContext: %s, resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 20m, memory: 32Mi}}}]}\n"

var _ = Describe("Hardening", func() {
	It("runs Claude Runner's own Job where restricted is enforced, its template as declared", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		ns, err := admin.kube.CoreV1().Namespaces().Get(ctx, aliceNS, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(ns.Labels).To(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(legacyJob))).To(Succeed()) })

		out, err := alice.kubectl(ctx, legacyJob, "-n", aliceNS, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		var pods *corev1.PodList
		Eventually(func() ([]corev1.Pod, error) {
			pods, err = alice.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "research-session=legacy"})
			return pods.Items, err
		}).WithContext(ctx).WithTimeout(soon).Should(HaveLen(1))
		filledIn(&pods.Items[0])
		Eventually(func() (int32, error) {
			job, err := alice.kube.BatchV1().Jobs(aliceNS).Get(ctx, "legacy-job", metav1.GetOptions{})
			return job.Status.Succeeded, err
		}).WithContext(ctx).WithTimeout(soon).Should(BeEquivalentTo(1))

		By("the template is what she declared and what the API server makes of it, and no more")
		client, err := alice.resource(parse(legacyJob), aliceNS)
		Expect(err).NotTo(HaveOccurred())
		stored, err := client.Get(ctx, "legacy-job", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(templateSpec(stored)).To(Equal(templateSpec(defaulted(ctx, admin, legacyJob))))
		said(templateSpec(parse(legacyJob)), templateSpec(stored), "spec.template.spec")
	}, SpecTimeout(2*time.Minute))

	DescribeTable("shows no difference to those who apply again",
		func(ctx SpecContext, manifest string, flags ...string) {
			alice, admin := home.as("alice"), home.as("admin")
			DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(manifest))).To(Succeed()) })
			client, err := alice.resource(parse(manifest), aliceNS)
			Expect(err).NotTo(HaveOccurred())
			apply := func() (generation int64) {
				out, err := alice.kubectl(ctx, manifest, append([]string{"-n", aliceNS, "apply", "-f", "-"}, flags...)...)
				Expect(err).NotTo(HaveOccurred(), out)
				stored, err := client.Get(ctx, parse(manifest).GetName(), metav1.GetOptions{})
				Expect(err).NotTo(HaveOccurred())
				return stored.GetGeneration()
			}
			first := apply()
			// The status moves at first; kubectl diff fails where anything differs.
			Eventually(func() (string, error) {
				return alice.kubectl(ctx, manifest, append([]string{"-n", aliceNS, "diff", "-f", "-"}, flags...)...)
			}).WithContext(ctx).WithTimeout(soon).ShouldNot(ContainSubstring("+++"))
			Expect(apply()).To(Equal(first))
		},
		Entry("a Pod, client-side", SpecTimeout(time.Minute), podManifest("again-1")),
		Entry("a Pod, server-side", SpecTimeout(time.Minute), podManifest("again-2"), "--server-side"),
		Entry("a Deployment, client-side", SpecTimeout(time.Minute), workload("Deployment", "again-3")),
		Entry("a Deployment, server-side", SpecTimeout(time.Minute), workload("Deployment", "again-4"), "--server-side"),
		Entry("a ServiceAccount, client-side", SpecTimeout(time.Minute), "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: again-5}\n"),
		Entry("a ServiceAccount, server-side", SpecTimeout(time.Minute), "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: again-6}\n", "--server-side"),
	)

	DescribeTable("overrides nothing: what asks for more is denied",
		func(ctx SpecContext, pod, container, psa, ours string) {
			alice, admin := home.as("alice"), home.as("admin")
			manifest := fmt.Sprintf(securityLine, "wants-more", pod, container)

			By("the API server's own PodSecurity, which comes before webhooks that validate")
			_, err := alice.create(ctx, aliceNS, manifest)
			Expect(err).To(MatchError(And(ContainSubstring(`violates PodSecurity "restricted:latest"`), ContainSubstring(psa))))

			By("Gatehouse by itself, while the namespace enforces nothing")
			Eventually(func() error {
				if err := relabeled(ctx, admin, "privileged"); err != nil {
					return err
				}
				_, err := alice.create(ctx, aliceNS, manifest)
				return err
			}).WithContext(ctx).WithTimeout(soon).Should(MatchError(And(ContainSubstring("denied by pods/security: "), ContainSubstring(ours))))
			Eventually(func() (map[string]string, error) {
				ns, err := admin.kube.CoreV1().Namespaces().Get(ctx, aliceNS, metav1.GetOptions{})
				return ns.Labels, err
			}).WithContext(ctx).WithTimeout(slack * 5 * time.Second).Should(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))

			By("in a template, which PodSecurity only warns of, Gatehouse where it is written")
			deployment := fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wants-more}\nspec: {selector: {matchLabels: {app: w}}, template: {metadata: {labels: {app: w}}, spec: {securityContext: %s, containers: [{name: c, image: registry.k8s.io/pause, securityContext: %s}]}}}\n", pod, container)
			_, err = alice.create(ctx, aliceNS, deployment)
			Expect(err).To(MatchError(And(ContainSubstring("denied by pods/security: spec.template."), ContainSubstring(ours))))
		},
		Entry("root", SpecTimeout(2*time.Minute), "{runAsUser: 0}", "{}", "runAsUser=0", "spec.securityContext.runAsUser is 0"),
		Entry("root in one container", SpecTimeout(2*time.Minute), "{}", "{runAsUser: 0}", "runAsUser=0", `spec.containers["c"].securityContext.runAsUser is 0`),
		Entry("privilege escalation", SpecTimeout(2*time.Minute), "{}", "{allowPrivilegeEscalation: true}", "allowPrivilegeEscalation != false", `spec.containers["c"].securityContext.allowPrivilegeEscalation is true`),
		Entry("every privilege", SpecTimeout(2*time.Minute), "{}", "{privileged: true}", "privileged", `spec.containers["c"].securityContext.privileged is true`),
		Entry("no seccomp profile", SpecTimeout(2*time.Minute), "{seccompProfile: {type: Unconfined}}", "{}", "seccompProfile", `spec.securityContext.seccompProfile.type is "Unconfined"`),
	)

	It("keeps what the author said", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		manifest := fmt.Sprintf(securityLine, "said", "{runAsUser: 4711, seccompProfile: {type: Localhost, localhostProfile: p.json}}", "{runAsNonRoot: true, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}")
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(manifest))).To(Succeed()) })
		stored, err := alice.create(ctx, aliceNS, manifest)
		Expect(err).NotTo(HaveOccurred())
		said(parse(manifest).Object["spec"], stored.Object["spec"], "spec")
	}, SpecTimeout(time.Minute))

	It("reaches Pods that the platform makes, and debug containers", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		manifest := podManifest("debugged")
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(manifest))).To(Succeed()) })
		_, err := admin.create(ctx, aliceNS, manifest)
		Expect(err).NotTo(HaveOccurred())
		pod, err := admin.kube.CoreV1().Pods(aliceNS).Get(ctx, "debugged", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		filledIn(pod)

		openRBAC(ctx, admin)
		debug := func(name string, context *corev1.SecurityContext) error {
			return retry.RetryOnConflict(retry.DefaultRetry, func() error {
				pod, err := alice.kube.CoreV1().Pods(aliceNS).Get(ctx, "debugged", metav1.GetOptions{})
				if err != nil {
					return err
				}
				pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
					Name: name, Image: "registry.k8s.io/pause", SecurityContext: context,
				}})
				_, err = alice.kube.CoreV1().Pods(aliceNS).UpdateEphemeralContainers(ctx, "debugged", pod, metav1.UpdateOptions{})
				return err
			})
		}
		Expect(debug("silent", nil)).To(Succeed())
		Expect(debug("second", nil)).To(Succeed())
		Expect(debug("root", &corev1.SecurityContext{RunAsUser: ptr.To(int64(0))})).To(MatchError(ContainSubstring("runAsUser=0")))
		pod, err = admin.kube.CoreV1().Pods(aliceNS).Get(ctx, "debugged", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(pod.Spec.EphemeralContainers).To(HaveLen(2))
		for _, c := range pod.Spec.EphemeralContainers {
			Expect(c.SecurityContext.AllowPrivilegeEscalation).To(HaveValue(BeFalse()))
			Expect(c.SecurityContext.Capabilities.Drop).To(Equal([]corev1.Capability{"ALL"}))
		}
	}, SpecTimeout(time.Minute))

	It("mounts no token of accounts that say nothing", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		account := func(name string, automount *bool) *corev1.ServiceAccount {
			return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}, AutomountServiceAccountToken: automount}
		}
		accounts := alice.kube.CoreV1().ServiceAccounts(aliceNS)
		DeferCleanup(func(ctx SpecContext) {
			for _, name := range []string{"silent", "outspoken"} {
				Expect(admin.kube.CoreV1().ServiceAccounts(aliceNS).Delete(ctx, name, metav1.DeleteOptions{})).To(Succeed())
			}
		})
		made, err := accounts.Create(ctx, account("silent", nil), metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(made.AutomountServiceAccountToken).To(HaveValue(BeFalse()))
		replaced, err := accounts.Update(ctx, account("silent", nil), metav1.UpdateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(replaced.AutomountServiceAccountToken).To(HaveValue(BeFalse()))
		made, err = accounts.Create(ctx, account("outspoken", ptr.To(true)), metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(made.AutomountServiceAccountToken).To(HaveValue(BeTrue()))

		By("default too, whoever makes it anew")
		Expect(admin.kube.CoreV1().ServiceAccounts(aliceNS).Delete(ctx, "default", metav1.DeleteOptions{})).To(Succeed())
		var back *corev1.ServiceAccount
		Eventually(func() error {
			back, err = admin.kube.CoreV1().ServiceAccounts(aliceNS).Get(ctx, "default", metav1.GetOptions{})
			return err
		}).WithContext(ctx).WithTimeout(soon).WithPolling(5 * time.Millisecond).Should(Succeed())
		Expect(back.AutomountServiceAccountToken).To(HaveValue(BeFalse()))
	}, SpecTimeout(time.Minute))
})

func templateSpec(job *unstructured.Unstructured) map[string]any {
	GinkgoHelper()
	spec, found, err := unstructured.NestedMap(job.Object, "spec", "template", "spec")
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(BeTrue())
	return spec
}

// defaulted is what the API server makes of a manifest where no tenant lives.
func defaulted(ctx context.Context, admin *user, manifest string) *unstructured.Unstructured {
	GinkgoHelper()
	client, err := admin.resource(parse(manifest), "default")
	Expect(err).NotTo(HaveOccurred())
	made, err := client.Create(ctx, parse(manifest), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	Expect(err).NotTo(HaveOccurred())
	return made
}
