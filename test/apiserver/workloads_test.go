package apiserver

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func seconds(n int64) *int64 { return &n }

const container = "containers: [{name: c, image: registry.k8s.io/pause, resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 20m, memory: 32Mi}}}]"

func podManifest(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {app: %s}}\nspec: {%s}\n", name, name, container)
}

// waitingJob is a Job whose Pod no node takes, so that it is there, with the job
// controller's finalizer on it, for as long as nobody deletes it.
func waitingJob(name string) string {
	return fmt.Sprintf("apiVersion: batch/v1\nkind: Job\nmetadata: {name: %s}\nspec: {template: {metadata: {labels: {app: %s}}, spec: {nodeSelector: {no: such-node}, restartPolicy: Never, %s}}}\n", name, name, container)
}

func workload(kind, name string) string {
	template := fmt.Sprintf("template: {metadata: {labels: {app: %s}}, spec: {%s}}", name, container)
	selector := fmt.Sprintf("selector: {matchLabels: {app: %s}}", name)
	switch kind {
	case "Deployment", "DaemonSet":
		return fmt.Sprintf("apiVersion: apps/v1\nkind: %s\nmetadata: {name: %s}\nspec: {%s, %s}\n", kind, name, selector, template)
	case "StatefulSet":
		return fmt.Sprintf("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: %s}\nspec: {serviceName: %s, %s, %s, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}\n", name, name, selector, template)
	case "CronJob":
		return fmt.Sprintf("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: %s}\nspec: {schedule: '* * * * *', jobTemplate: {spec: {template: {metadata: {labels: {app: %s}}, spec: {restartPolicy: Never, %s}}}}}\n", name, name, container)
	}
	return fmt.Sprintf("apiVersion: v1\nkind: ReplicationController\nmetadata: {name: %s}\nspec: {selector: {app: %s}, %s}\n", name, name, template)
}

// pods of an application, each of which must carry alice's passport.
func podsOf(ctx context.Context, admin *user, namespace, app string) func() (int, error) {
	return func() (int, error) {
		pods, err := admin.kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
		if err != nil {
			return 0, err
		}
		for _, p := range pods.Items {
			seal, err := passport.Inspect(p.Annotations["gatehouse.dev/passport"])
			if err != nil || seal.UserID != "local:alice" {
				return 0, fmt.Errorf("pod %s: passport of %q: %w", p.Name, seal.UserID, err)
			}
		}
		return len(pods.Items), nil
	}
}

// workAsUsual drives every built-in workload kind through the real controllers.
func workAsUsual(ctx context.Context, c *cluster) {
	GinkgoHelper()
	alice, admin := c.as("alice"), c.as("admin")
	kinds := []string{"Deployment", "StatefulSet", "DaemonSet", "ReplicationController", "CronJob"}
	for _, kind := range kinds {
		name := "w-" + kind[:3]
		name = lower(name)
		_, err := alice.create(ctx, aliceNS, workload(kind, name))
		Expect(err).NotTo(HaveOccurred(), kind)
	}
	for _, kind := range kinds {
		By(kind + " makes its pods, each with alice's passport")
		timeout := soon
		if kind == "CronJob" {
			timeout = 3 * time.Minute // its next minute has to come first
		}
		began := time.Now()
		name := lower("w-" + kind[:3])
		switch kind {
		case "StatefulSet":
			// Its claim stays unbound here: no storage class. The claim itself must be there.
			Eventually(func() error {
				_, err := admin.kube.CoreV1().PersistentVolumeClaims(aliceNS).Get(ctx, "data-"+name+"-0", metav1.GetOptions{})
				return err
			}).WithContext(ctx).WithTimeout(timeout).Should(Succeed())
			Eventually(podsOf(ctx, admin, aliceNS, name)).WithContext(ctx).WithTimeout(timeout).Should(BeNumerically(">=", 1))
		default:
			Eventually(podsOf(ctx, admin, aliceNS, name)).WithContext(ctx).WithTimeout(timeout).Should(BeNumerically(">=", 1))
		}
		if kind == "CronJob" {
			sameFromCronJobToPod(ctx, admin, name)
		}
		report("%s: first pod after %.1f s", kind, time.Since(began).Seconds())
	}

	By("a rollout, an undo and a scale-down go through")
	for _, args := range [][]string{
		{"set", "image", "deployment/w-dep", "c=registry.k8s.io/pause:3.10"},
		{"rollout", "status", "deployment/w-dep", "--timeout=100s"},
		{"rollout", "undo", "deployment/w-dep"},
		{"rollout", "status", "deployment/w-dep", "--timeout=100s"},
		{"scale", "deployment/w-dep", "--replicas=2"},
		{"rollout", "status", "deployment/w-dep", "--timeout=100s"},
		{"scale", "deployment/w-dep", "--replicas=0"},
	} {
		out, err := alice.kubectl(ctx, "", append([]string{"-n", aliceNS}, args...)...)
		Expect(err).NotTo(HaveOccurred(), "kubectl %v: %s", args, out)
	}
	Eventually(podsOf(ctx, admin, aliceNS, "w-dep")).WithContext(ctx).WithTimeout(soon).Should(BeZero())

	By("alice deletes it all, garbage collection follows")
	for _, kind := range kinds {
		Expect(alice.remove(ctx, aliceNS, parse(workload(kind, lower("w-"+kind[:3]))))).To(Succeed(), kind)
	}
	Eventually(func() (int, error) {
		pods, err := admin.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{})
		return len(pods.Items), err
	}).WithContext(ctx).WithTimeout(2 * time.Minute).Should(BeZero())
}

// sameFromCronJobToPod: every object on the way carries the same bytes.
func sameFromCronJobToPod(ctx context.Context, admin *user, name string) {
	GinkgoHelper()
	cron, err := admin.kube.BatchV1().CronJobs(aliceNS).Get(ctx, name, metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	wire := cron.Annotations[passportKey]
	Expect(sealedBy(cron)).To(Equal("local:alice"))
	jobs, err := admin.kube.BatchV1().Jobs(aliceNS).List(ctx, metav1.ListOptions{})
	Expect(err).NotTo(HaveOccurred())
	made := 0
	for _, job := range jobs.Items {
		if metav1.IsControlledBy(&job, cron) {
			made++
			Expect(job.Annotations).To(HaveKeyWithValue(passportKey, wire))
		}
	}
	Expect(made).To(BeNumerically(">=", 1))
	pods, err := admin.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	Expect(err).NotTo(HaveOccurred())
	Expect(pods.Items).NotTo(BeEmpty())
	for _, pod := range pods.Items {
		Expect(pod.Annotations).To(HaveKeyWithValue(passportKey, wire))
	}
}

// aJobEnds runs a Job to its end.
func aJobEnds(ctx context.Context, c *cluster) {
	GinkgoHelper()
	alice := c.as("alice")
	manifest := fmt.Sprintf("apiVersion: batch/v1\nkind: Job\nmetadata: {name: short}\nspec: {template: {spec: {restartPolicy: Never, %s}}}\n", container)
	_, err := alice.create(ctx, aliceNS, manifest)
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() (int32, error) {
		job, err := alice.kube.BatchV1().Jobs(aliceNS).Get(ctx, "short", metav1.GetOptions{})
		if err != nil {
			return 0, err
		}
		return job.Status.Succeeded, nil
	}).WithContext(ctx).WithTimeout(soon).Should(BeEquivalentTo(1))
	Expect(c.as("admin").remove(ctx, aliceNS, parse(manifest))).To(Succeed())
}

// aTenantLeaves deletes a tenant whose namespace is full of things.
func aTenantLeaves(ctx context.Context, c *cluster) {
	GinkgoHelper()
	erin, admin := c.as("erin"), c.as("admin")
	_, err := erin.create(ctx, "", sample("tenant-erin.yaml"))
	Expect(err).NotTo(HaveOccurred())
	ns := "claude-runner-user-erin"
	Eventually(func() error { _, err := erin.create(ctx, ns, workload("Deployment", "w-dep")); return err }).
		WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(Succeed())
	_, err = erin.create(ctx, ns, sample("session-alice.yaml"))
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() (int, error) {
		pods, err := admin.kube.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})
		return len(pods.Items), err
	}).WithContext(ctx).WithTimeout(soon).Should(BeNumerically(">=", 1))
	began := time.Now()
	Expect(admin.remove(ctx, "", parse(sample("tenant-erin.yaml")))).To(Succeed())
	var gone *corev1.Namespace
	Eventually(func() bool {
		gone, err = admin.kube.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}).WithContext(ctx).WithTimeout(2*time.Minute).Should(BeTrue(), "%v", gone)
	report("a tenant's namespace is gone %.1f s after the tenant was deleted", time.Since(began).Seconds())
	Eventually(func() int64 {
		settled, open := domainHolds(ctx, admin, "tenant-erin")
		return settled + open
	}).WithContext(ctx).WithTimeout(soon).Should(BeZero(), "sessions in the ledger of a tenant who left")
}

var _ = Describe("The real controllers", func() {
	for _, credentials := range []string{"per-controller", "shared"} {
		It("work in tenant namespaces with "+credentials+" credentials", func(ctx SpecContext) {
			c := home
			if credentials == "shared" {
				c = start(ctx, credentials, "1")
			}
			workBeside(ctx, c)
			workAsUsual(ctx, c)
			aJobEnds(ctx, c)
			aTenantLeaves(ctx, c)
		}, SpecTimeout(12*time.Minute))
	}
})
