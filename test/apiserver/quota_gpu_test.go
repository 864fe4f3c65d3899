package apiserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/quota/record"
)

// training is a Pod of bob's that holds devices and names its end.
func training(name string, devices, deadline int) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  activeDeadlineSeconds: %d
  containers: [{name: c, image: "registry.k8s.io/pause:3.10", resources: {requests: {cpu: 100m, memory: 64Mi, nvidia.com/gpu: %d}, limits: {cpu: 100m, memory: 64Mi, nvidia.com/gpu: %d}}}]
`, name, deadline, devices, devices)
}

// withDevices gives every node some for the time of a spec.
func withDevices(ctx context.Context, admin *user) {
	GinkgoHelper()
	set := func(ctx context.Context, amount string) {
		GinkgoHelper()
		nodes, err := admin.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		for _, n := range nodes.Items {
			patch := fmt.Sprintf(`{"status":{"capacity":{"nvidia.com/gpu":%[1]s},"allocatable":{"nvidia.com/gpu":%[1]s}}}`, amount)
			_, err := admin.kube.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
			Expect(err).NotTo(HaveOccurred())
		}
	}
	set(ctx, `"4"`)
	DeferCleanup(func(ctx SpecContext) { set(ctx, "null") })
}

var _ = Describe("Device time", Ordered, func() {
	It("is set aside when a Pod is made, and charged by what it used", func(ctx SpecContext) {
		bob, admin := home.as("bob"), home.as("admin")
		withDevices(ctx, admin)
		of := func() int64 {
			d := usageOf(ctx, admin, bobNS)["gpu-seconds"]
			sum := d.Used.DeepCopy()
			sum.Add(d.Reserved)
			return sum.Value()
		}
		before := of()
		_, err := bob.create(ctx, bobNS, training("training", 2, 600))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(admin.remove(ctx, bobNS, parse(training("training", 2, 600)))).To(Succeed())
		})
		Eventually(of).WithContext(ctx).WithTimeout(soon).Should(Equal(before + 1200))

		By("denying a third device, and more time than the month has")
		_, err = bob.create(ctx, bobNS, training("third", 1, 60))
		Expect(err).To(MatchError(ContainSubstring(`denied by quota/compute: 1 more "gpu" would pass your limit; limit 2 (tier premium), used 2`)))

		Eventually(func() (corev1.PodPhase, error) {
			p, err := admin.kube.CoreV1().Pods(bobNS).Get(ctx, "training", metav1.GetOptions{})
			if err != nil {
				return "", err
			}
			return p.Status.Phase, nil
		}).WithContext(ctx).WithTimeout(soon).Should(Equal(corev1.PodRunning))
		pod, err := admin.kube.CoreV1().Pods(bobNS).Get(ctx, "training", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		time.Sleep(3 * time.Second)
		Expect(admin.remove(ctx, bobNS, parse(training("training", 2, 600)))).To(Succeed())
		most := 2 * int64(time.Since(pod.Status.StartTime.Time).Seconds()+1)

		By("charging what it used, once")
		Eventually(of).WithContext(ctx).WithTimeout(soon).Should(And(BeNumerically(">=", before+4), BeNumerically("<=", before+most)))
		charged := of() - before
		Consistently(of).WithContext(ctx).WithTimeout(2 * time.Second).Should(Equal(before + charged))

		By("writing it down, for bills that are made later")
		Eventually(func(g Gomega) {
			f, err := os.Open(filepath.Join(home.state, "logs", "usage-records.jsonl"))
			g.Expect(err).NotTo(HaveOccurred())
			defer func() { _ = f.Close() }()
			events, err := record.Read(f)
			g.Expect(err).NotTo(HaveOccurred())
			sum, found := int64(0), 0
			for _, e := range events {
				if e.Data.ResourceUID == string(pod.UID) {
					found++
					var n int64
					_, err := fmt.Sscan(e.Data.Amount, &n)
					g.Expect(err).NotTo(HaveOccurred())
					sum += n
					g.Expect(e.Data.Tenant + " " + e.Data.User + " " + e.Data.Organization).To(Equal("bob local:bob globex"))
					g.Expect(strings.HasPrefix(e.ID, string(pod.UID)+"/")).To(BeTrue(), e.ID)
				}
			}
			g.Expect(found).To(BeNumerically(">", 0))
			g.Expect(sum).To(BeNumerically("~", charged, 4))
		}).WithContext(ctx).WithTimeout(soon).Should(Succeed())
		report("2 devices for %.1f s were charged %d device seconds", time.Since(pod.Status.StartTime.Time).Seconds(), charged)
	}, SpecTimeout(3*time.Minute))
})
