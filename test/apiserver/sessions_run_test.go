package apiserver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"gatehouse.dev/gatehouse/test/conformance"
)

// lives is the order in which a session that runs may change its phase.
var lives = []string{"", "Pending", "Creating", "Running", "Completed"}

// cordon keeps every Pod that is made from now on from running, until the spec ends or the
// answer is called: a full cluster. Sessions then hold their places.
func cordon(ctx context.Context, admin *user) (uncordon func(context.Context)) {
	GinkgoHelper()
	set := func(ctx context.Context, unschedulable bool) {
		GinkgoHelper()
		nodes, err := admin.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(nodes.Items).NotTo(BeEmpty())
		for _, n := range nodes.Items {
			patch := fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, unschedulable)
			_, err := admin.kube.CoreV1().Nodes().Patch(ctx, n.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
			Expect(err).NotTo(HaveOccurred())
		}
	}
	set(ctx, true)
	DeferCleanup(func(ctx SpecContext) { set(ctx, false) })
	return func(ctx context.Context) { GinkgoHelper(); set(ctx, false) }
}

// sessionNow reads a session's status.
func sessionNow(ctx context.Context, admin *user, namespace, name string) (phase, message string, err error) {
	s, err := admin.dynamic.Resource(sessions).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return "", "", err
	}
	phase, _, _ = unstructured.NestedString(s.Object, "status", "phase")
	message, _, _ = unstructured.NestedString(s.Object, "status", "message")
	return phase, message, nil
}

func phaseOf(ctx context.Context, admin *user, namespace, name string) func() (string, error) {
	return func() (string, error) {
		phase, _, err := sessionNow(ctx, admin, namespace, name)
		return phase, err
	}
}

func messageOf(ctx context.Context, admin *user, namespace, name string) func() (string, error) {
	return func() (string, error) {
		_, message, err := sessionNow(ctx, admin, namespace, name)
		return message, err
	}
}

// workOf are the Jobs and Pods of a session.
func workOf(ctx context.Context, kube kubernetes.Interface, namespace, session string) ([]batchv1.Job, []corev1.Pod) {
	GinkgoHelper()
	of := metav1.ListOptions{LabelSelector: "research-session=" + session}
	jobs, err := kube.BatchV1().Jobs(namespace).List(ctx, of)
	Expect(err).NotTo(HaveOccurred())
	pods, err := kube.CoreV1().Pods(namespace).List(ctx, of)
	Expect(err).NotTo(HaveOccurred())
	return jobs.Items, pods.Items
}

// waitingSession is a session of alice whose Pod no node takes.
func waitingSession(ctx context.Context, alice, admin *user, name string) {
	GinkgoHelper()
	manifest := strings.Replace(conformance.Filler(0), "fill-0", name, 1)
	_, err := alice.create(ctx, aliceNS, manifest)
	Expect(err).NotTo(HaveOccurred())
	Eventually(messageOf(ctx, admin, aliceNS, name)).WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).
		Should(ContainSubstring("no node takes its Pod"))
	Expect(sessionsHeld(ctx, admin, "organization-acme", "alice")).To(BeNumerically(">=", 1))
}

// ends waits until a session has ended so and its place is free.
func ends(ctx context.Context, admin *user, name, phase string) {
	GinkgoHelper()
	Eventually(phaseOf(ctx, admin, aliceNS, name)).WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).Should(Equal(phase))
}

func placesAreFree(ctx context.Context, admin *user) {
	GinkgoHelper()
	Eventually(func() int { return sessionsHeld(ctx, admin, "organization-acme", "alice") }).WithContext(ctx).
		WithTimeout(slack * 5 * time.Second).WithPolling(20 * time.Millisecond).Should(BeZero())
}

var _ = Describe("A session's run", Ordered, func() {
	var alice, admin *user
	BeforeEach(func() {
		alice, admin = home.as("alice"), home.as("admin")
		DeferCleanup(func(ctx SpecContext) { clearSessions(ctx, admin, aliceNS, "organization-acme", "alice") })
	})

	It("is a Job and a Pod with its very passport, from Pending to Completed, and then its place is free", func(ctx SpecContext) {
		begun := metav1.ListOptions{FieldSelector: "metadata.name=website-analysis"}
		seen, err := admin.dynamic.Resource(sessions).Namespace(aliceNS).Watch(ctx, begun)
		Expect(err).NotTo(HaveOccurred())
		defer seen.Stop()
		began := time.Now()
		made, err := alice.create(ctx, aliceNS, sample("session-alice.yaml")+"status: {phase: Pending}\n")
		Expect(err).NotTo(HaveOccurred())

		phases := []string{}
		for event := range seen.ResultChan() {
			Expect(event.Type).NotTo(Equal(watch.Error))
			phase, _, _ := unstructured.NestedString(event.Object.(*unstructured.Unstructured).Object, "status", "phase")
			if len(phases) == 0 || phases[len(phases)-1] != phase {
				phases = append(phases, phase)
			}
			if phase == "Completed" || ctx.Err() != nil {
				break
			}
		}
		report("a session ran to its end in %.2f s: %s", time.Since(began).Seconds(), strings.Join(phases, ", "))
		Expect(phases[0]).To(Equal("Pending"))
		Expect(phases).To(ContainElement("Creating"))
		Expect(slices.IsSortedFunc(phases, func(a, b string) int { return slices.Index(lives, a) - slices.Index(lives, b) })).To(BeTrue(), "%v", phases)
		placesAreFree(ctx, admin)

		jobs, pods := workOf(ctx, admin.kube, aliceNS, "website-analysis")
		Expect(jobs).To(HaveLen(1))
		Expect(pods).To(HaveLen(1))
		Expect(jobs[0].Name).To(Equal("website-analysis-job"))
		Expect(metav1.IsControlledBy(&jobs[0], made)).To(BeTrue())
		wire, correlation := made.GetAnnotations()[passportKey], made.GetAnnotations()["gatehouse.dev/correlation-id"]
		Expect(wire).To(HavePrefix("v1."))
		for _, o := range []metav1.Object{&jobs[0], &pods[0]} {
			Expect(o.GetAnnotations()).To(And(HaveKeyWithValue(passportKey, wire), HaveKeyWithValue("gatehouse.dev/correlation-id", correlation)), o.GetName())
		}
		Expect(*jobs[0].Spec.ActiveDeadlineSeconds).To(BeEquivalentTo(300))

		By("fitting Pod Security restricted by itself, where no policy of ours helps")
		plain := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "restricted-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}
		plain, err = admin.kube.CoreV1().Namespaces().Create(ctx, plain, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(admin.kube.CoreV1().Namespaces().Delete(ctx, plain.Name, metav1.DeleteOptions{})).To(Succeed())
		})
		try := func(spec corev1.PodSpec) func() error {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "judged"}, Spec: spec}
			return func() error {
				_, err := admin.kube.CoreV1().Pods(plain.Name).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
				return err
			}
		}
		// Its default ServiceAccount comes a moment after the namespace.
		Eventually(try(jobs[0].Spec.Template.Spec)).WithContext(ctx).WithTimeout(soon).Should(Succeed())
		soft := jobs[0].Spec.Template.Spec.DeepCopy()
		soft.SecurityContext.SeccompProfile = nil
		Expect(try(*soft)()).To(MatchError(ContainSubstring("violates PodSecurity")))
	}, SpecTimeout(2*time.Minute))

	It("says why it does not begin, and begins when it can", func(ctx SpecContext) {
		none := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "no-pods"},
			Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: {}}}}
		quotas := admin.kube.CoreV1().ResourceQuotas(aliceNS)
		_, err := quotas.Create(ctx, none, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		lift := func(ctx context.Context) error {
			return quotas.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "metadata.name=no-pods"})
		}
		DeferCleanup(func(ctx SpecContext) { Expect(lift(ctx)).To(Succeed()) })
		Eventually(func() (int, error) {
			q, err := quotas.Get(ctx, "no-pods", metav1.GetOptions{})
			if err != nil {
				return 0, err
			}
			return len(q.Status.Hard), nil
		}).WithContext(ctx).WithTimeout(soon).Should(Equal(1))

		_, err = alice.create(ctx, aliceNS, conformance.Filler(0))
		Expect(err).NotTo(HaveOccurred())
		began := time.Now()
		Eventually(messageOf(ctx, admin, aliceNS, "fill-0")).WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).
			Should(And(ContainSubstring("its Job may make no Pod"), ContainSubstring("exceeded quota: no-pods")))
		report("a session that may have no Pod says so after %.1f s", time.Since(began).Seconds())
		Expect(phaseOf(ctx, admin, aliceNS, "fill-0")()).To(Equal("Creating"))
		Expect(lift(ctx)).To(Succeed())
		ends(ctx, admin, "fill-0", "Completed")
	}, SpecTimeout(3*time.Minute))

	It("stops when alice says so: Job and Pods are gone before the phase says Stopped", func(ctx SpecContext) {
		cordon(ctx, admin)
		waitingSession(ctx, alice, admin, "to-stop")
		jobs, pods := workOf(ctx, admin.kube, aliceNS, "to-stop")
		Expect(jobs).To(HaveLen(1))
		Expect(pods).To(HaveLen(1))
		began := time.Now()
		_, err := alice.dynamic.Resource(sessions).Namespace(aliceNS).Patch(ctx, "to-stop", types.MergePatchType, []byte(`{"spec":{"stopped":true}}`), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
		ends(ctx, admin, "to-stop", "Stopped")
		report("a session is stopped %.2f s after it was asked to", time.Since(began).Seconds())
		jobs, pods = workOf(ctx, admin.kube, aliceNS, "to-stop")
		Expect(jobs).To(BeEmpty())
		Expect(pods).To(BeEmpty())
		placesAreFree(ctx, admin)
	}, SpecTimeout(2*time.Minute))

	It("ends as Failed when its Job is taken away, also when a Pod was left behind", func(ctx SpecContext) {
		cordon(ctx, admin)
		for name, how := range map[string]metav1.DeletionPropagation{"taken": metav1.DeletePropagationBackground, "orphaned": metav1.DeletePropagationOrphan} {
			waitingSession(ctx, alice, admin, name)
			Expect(alice.kube.BatchV1().Jobs(aliceNS).Delete(ctx, name+"-job", metav1.DeleteOptions{PropagationPolicy: &how})).To(Succeed())
			ends(ctx, admin, name, "Failed")
			Expect(messageOf(ctx, admin, aliceNS, name)()).To(ContainSubstring("was deleted before it had finished"))
			Eventually(func() int { _, pods := workOf(ctx, admin.kube, aliceNS, name); return len(pods) }).WithContext(ctx).WithTimeout(soon).Should(BeZero())
		}
		placesAreFree(ctx, admin)
	}, SpecTimeout(3*time.Minute))

	It("obeys a backend that writes status through the main resource, and not alice", func(ctx SpecContext) {
		cordon(ctx, admin)
		waitingSession(ctx, alice, admin, "legacy")
		put := func(as *user, status map[string]any) error {
			r := as.dynamic.Resource(sessions).Namespace(aliceNS)
			s, err := r.Get(ctx, "legacy", metav1.GetOptions{})
			if err != nil {
				return err
			}
			for field, value := range status {
				if err := unstructured.SetNestedField(s.Object, value, "status", field); err != nil {
					return err
				}
			}
			_, err = r.Update(ctx, s, metav1.UpdateOptions{})
			return err
		}

		By("alice's own word counting for nothing")
		Expect(put(alice, map[string]any{"phase": "Completed"})).To(Succeed())
		Expect(phaseOf(ctx, admin, aliceNS, "legacy")()).To(Equal("Creating"))
		Expect(sessionsHeld(ctx, admin, "organization-acme", "alice")).To(Equal(1))

		By("a backend's messages staying, whatever we write")
		said := []any{map[string]any{"content": "half of it"}}
		Expect(put(admin, map[string]any{"messages": said, "cost": 0.5})).To(Succeed())
		Expect(put(admin, map[string]any{"phase": "Stopped"})).To(Succeed())
		Eventually(func() int {
			jobs, pods := workOf(ctx, admin.kube, aliceNS, "legacy")
			return len(jobs) + len(pods)
		}).WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).Should(BeZero())
		s, err := admin.dynamic.Resource(sessions).Namespace(aliceNS).Get(ctx, "legacy", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		status := s.Object["status"].(map[string]any)
		Expect(status).To(And(HaveKeyWithValue("phase", "Stopped"), HaveKeyWithValue("messages", BeEquivalentTo(said)),
			HaveKeyWithValue("cost", BeNumerically("==", 0.5)), HaveKey("completionTime")))
		placesAreFree(ctx, admin)
	}, SpecTimeout(2*time.Minute))

	It("outlives the provisioner: killed in the middle, it loses nothing", func(ctx SpecContext) {
		uncordon := cordon(ctx, admin)
		waitingSession(ctx, alice, admin, "before")
		waitingSession(ctx, alice, admin, "stopped-meanwhile")
		home.launcher(ctx, "stop provisioner-0 --signal KILL")
		_, err := alice.create(ctx, aliceNS, strings.Replace(conformance.Filler(0), "fill-0", "meanwhile", 1))
		Expect(err).NotTo(HaveOccurred())
		_, err = alice.dynamic.Resource(sessions).Namespace(aliceNS).Patch(ctx, "stopped-meanwhile", types.MergePatchType, []byte(`{"spec":{"stopped":true}}`), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(alice.kube.BatchV1().Jobs(aliceNS).Delete(ctx, "stopped-meanwhile-job", metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)})).To(Succeed())
		uncordon(ctx)
		Eventually(func() (int32, error) {
			job, err := admin.kube.BatchV1().Jobs(aliceNS).Get(ctx, "before-job", metav1.GetOptions{})
			if err != nil {
				return 0, err
			}
			return job.Status.Succeeded, nil
		}).WithContext(ctx).WithTimeout(soon).Should(BeEquivalentTo(1))
		began := time.Now()
		home.launcher(ctx, "start provisioner-0")
		ends(ctx, admin, "before", "Completed")
		ends(ctx, admin, "meanwhile", "Completed")
		ends(ctx, admin, "stopped-meanwhile", "Stopped")
		report("a killed provisioner has caught up %.1f s after its start", time.Since(began).Seconds())
		for _, name := range []string{"before", "meanwhile"} {
			jobs, _ := workOf(ctx, admin.kube, aliceNS, name)
			Expect(jobs).To(HaveLen(1))
			Expect(jobs[0].Status.Succeeded).To(BeEquivalentTo(1))
		}
		placesAreFree(ctx, admin)
	}, SpecTimeout(4*time.Minute))
})
