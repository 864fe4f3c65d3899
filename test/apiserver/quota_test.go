package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/test/conformance"
)

// limitAlice gives alice limits of her own for the time of a spec, and waits until they are
// in force everywhere that a spec looks.
func limitAlice(ctx context.Context, admin *user, limits string) {
	GinkgoHelper()
	set := func(ctx context.Context, patch string) {
		GinkgoHelper()
		_, err := admin.dynamic.Resource(tenants).Patch(ctx, "alice", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
	}
	set(ctx, fmt.Sprintf(`{"spec":{"limits":%s}}`, limits))
	DeferCleanup(func(ctx SpecContext) { set(ctx, `{"spec":{"limits":null}}`) })
	var want []v1alpha1.Limit
	Expect(json.Unmarshal([]byte(limits), &want)).To(Succeed())
	Eventually(func(g Gomega) {
		usage := usageOf(ctx, admin, aliceNS)
		for _, l := range want {
			g.Expect(usage[l.Dimension].Limit).To(Equal(l.Amount.String()), l.Dimension)
		}
	}).WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(Succeed())
}

// usageOf is what a tenant's Usage says, by dimension.
func usageOf(ctx context.Context, as *user, namespace string) map[string]v1alpha1.UsageDimension {
	GinkgoHelper()
	u, err := as.dynamic.Resource(usages).Namespace(namespace).Get(ctx, "current", metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	raw, err := u.MarshalJSON()
	Expect(err).NotTo(HaveOccurred())
	var usage v1alpha1.Usage
	Expect(json.Unmarshal(raw, &usage)).To(Succeed())
	out := map[string]v1alpha1.UsageDimension{}
	for _, d := range usage.Status.Dimensions {
		out[d.Dimension] = d
	}
	return out
}

// uses waits until a dimension's use is settled so.
func uses(ctx context.Context, as *user, namespace, dimension, used string) {
	GinkgoHelper()
	Eventually(func() []string {
		d := usageOf(ctx, as, namespace)[dimension]
		return []string{d.Used.String(), d.Reserved.String()}
	}).WithContext(ctx).WithTimeout(soon).WithPolling(50*time.Millisecond).Should(Equal([]string{used, "0"}), func() string {
		return fmt.Sprintf("%s in %s at %s, where there are %v, and in ledgers %v", dimension, namespace,
			time.Now().UTC().Format(time.TimeOnly), podsIn(ctx, as, namespace), entriesOf(ctx, strings.TrimPrefix(namespace, "claude-runner-user-")))
	})
}

// entriesOf names what is open in a tenant's sections, until when.
func entriesOf(ctx context.Context, tenant string) []string {
	list, err := home.as("admin").dynamic.Resource(ledgers).List(ctx, metav1.ListOptions{})
	if err != nil {
		return []string{err.Error()}
	}
	var all v1alpha1.QuotaLedgerList
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(list.UnstructuredContent(), &all); err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, ledger := range all.Items {
		for _, section := range ledger.Spec.Sections {
			for _, e := range section.Entries {
				if section.Tenant == tenant {
					out = append(out, fmt.Sprintf("%s: %s %s/%s, uid %s, version %q, others %v, amounts %v, until %s",
						ledger.Name, e.GroupResource, e.Namespace, e.Name, e.UID, e.Version, e.Contenders, e.Amounts, e.Expires.UTC().Format(time.TimeOnly)))
				}
			}
		}
	}
	return out
}

// podsIn names the Pods of a namespace, with what keeps each of them.
func podsIn(ctx context.Context, as *user, namespace string) []string {
	pods, err := as.kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, p := range pods.Items {
		out = append(out, fmt.Sprintf("%s: phase %s, node %q, deleted %v, finalizers %v, owners %v",
			p.Name, p.Status.Phase, p.Spec.NodeName, p.DeletionTimestamp, p.Finalizers, p.OwnerReferences))
	}
	return out
}

// cleared takes away what other specs left running in a namespace, and says what it was: what
// then is still counted, the ledger made up.
func cleared(ctx context.Context, admin *user, namespace string) {
	GinkgoHelper()
	for _, p := range podsIn(ctx, admin, namespace) {
		report("left in %s by other specs: %s", namespace, p)
	}
	now := metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground), GracePeriodSeconds: ptr.To[int64](0)}
	for _, kind := range []string{"apps/deployments", "apps/statefulsets", "apps/daemonsets", "apps/replicasets", "batch/cronjobs", "batch/jobs", "/replicationcontrollers", "/pods"} {
		group, resource, _ := strings.Cut(kind, "/")
		client := admin.dynamic.Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource})
		Expect(client.Namespace(namespace).DeleteCollection(ctx, now, metav1.ListOptions{})).To(Succeed(), kind)
	}
	Eventually(podsIn).WithArguments(ctx, admin, namespace).WithTimeout(soon).Should(BeEmpty())
}

// hungry is a Deployment whose Pods request CPU.
func hungry(name, cpu string, replicas int) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  replicas: %[3]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: c, image: "registry.k8s.io/pause:3.10", resources: {requests: {cpu: "%[2]s", memory: 64Mi}}}]}
`, name, cpu, replicas)
}

func refusalOf(ctx context.Context, admin *user, app string) func() (string, error) {
	return func() (string, error) {
		events, err := admin.kube.CoreV1().Events(aliceNS).List(ctx, metav1.ListOptions{FieldSelector: "reason=FailedCreate"})
		if err != nil {
			return "", err
		}
		// Others' events lie about in the namespace, too.
		said := ""
		for _, e := range events.Items {
			if strings.HasPrefix(e.InvolvedObject.Name, app) {
				said = e.Message
			}
		}
		return said, nil
	}
}

var _ = Describe("Limits", Ordered, func() {
	var alice, admin *user
	BeforeEach(func() {
		alice, admin = home.as("alice"), home.as("admin")
		DeferCleanup(func(ctx SpecContext) { clearSessions(ctx, admin, aliceNS, "organization-acme", "alice") })
	})
	pods := func(ctx context.Context, app string) func() (int, error) {
		return func() (int, error) {
			list, err := admin.kube.CoreV1().Pods(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
			return len(list.Items), err
		}
	}

	It("hold for what controllers make, with the figures in their events", func(ctx SpecContext) {
		cleared(ctx, admin, aliceNS)
		uses(ctx, admin, aliceNS, "cpu", "0")
		_, err := alice.create(ctx, aliceNS, hungry("hungry", "3", 4))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(admin.remove(ctx, aliceNS, parse(hungry("hungry", "3", 4)))).To(Succeed())
		})
		Eventually(refusalOf(ctx, admin, "hungry")).WithContext(ctx).WithTimeout(soon).Should(And(
			ContainSubstring(`denied by quota/compute: 3 more "cpu" would pass your limit; limit 8 (tier standard), used 6`), ContainSubstring("tier=standard")))
		Eventually(pods(ctx, "hungry")).WithContext(ctx).WithTimeout(soon).Should(Equal(2))
		uses(ctx, admin, aliceNS, "cpu", "6")
		uses(ctx, admin, aliceNS, "pods", "2")

		By("scaling down, which gives back, and up, which takes again")
		_, err = alice.kubectl(ctx, "", "-n", aliceNS, "scale", "deployment", "hungry", "--replicas=1")
		Expect(err).NotTo(HaveOccurred())
		uses(ctx, admin, aliceNS, "cpu", "3")
		// It waits for a gate: the API server refuses to resize what runs on kwok's nodes,
		// which say that they support none.
		waiting := strings.Replace(podCPU("beside", "4"), "spec: {", "spec: {schedulingGates: [{name: example.com/wait}], ", 1)
		out, err := alice.kubectl(ctx, waiting, "apply", "-n", aliceNS, "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(ContainSubstring("Warning: quota: 7 of 8 cpu are used now (tier standard)"))
		uses(ctx, admin, aliceNS, "cpu", "7")

		By("resizing it, as one might who has the right to: what it holds already counts once")
		openRBAC(ctx, admin)
		resize := func(cpu string) (string, error) {
			return alice.kubectl(ctx, "", "-n", aliceNS, "patch", "pod", "beside", "--subresource", "resize", "-p",
				fmt.Sprintf(`{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":%q},"limits":{"cpu":%q}}}]}}`, cpu, cpu))
		}
		out, err = resize("6")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring(`denied by quota/compute: 2 more "cpu" would pass your limit; limit 8 (tier standard), used 7`))
		out, err = resize("5")
		Expect(err).NotTo(HaveOccurred(), out)
		uses(ctx, admin, aliceNS, "cpu", "8")

		By("deleting it")
		Expect(alice.kube.CoreV1().Pods(aliceNS).Delete(ctx, "beside", metav1.DeleteOptions{})).To(Succeed())
		uses(ctx, admin, aliceNS, "cpu", "3")

		By("autoscaling it to more than fits")
		scaler := "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: hungry}\n" +
			"spec: {minReplicas: 4, maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: hungry}}\n"
		_, err = alice.create(ctx, aliceNS, scaler)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(scaler))).To(Succeed()) })
		replicas := func() (int32, error) {
			d, err := admin.kube.AppsV1().Deployments(aliceNS).Get(ctx, "hungry", metav1.GetOptions{})
			return ptr.Deref(d.Spec.Replicas, 0), err
		}
		Eventually(replicas).WithContext(ctx).WithTimeout(soon).Should(BeEquivalentTo(4), "the autoscaler asks")
		Eventually(pods(ctx, "hungry")).WithContext(ctx).WithTimeout(soon).Should(Equal(2))
		Consistently(pods(ctx, "hungry")).WithContext(ctx).WithTimeout(2*time.Second).Should(Equal(2), "and the limit holds")
		uses(ctx, admin, aliceNS, "cpu", "6")
	}, SpecTimeout(5*time.Minute))

	It("that are lowered end nothing that runs and let nothing more in", func(ctx SpecContext) {
		uses(ctx, admin, aliceNS, "cpu", "0") // what the spec before made is gone
		_, err := alice.create(ctx, aliceNS, podCPU("runs", "5"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(podCPU("runs", "5")))).To(Succeed()) })
		uses(ctx, admin, aliceNS, "cpu", "5")
		limitAlice(ctx, admin, `[{"dimension":"cpu","amount":"2"}]`)
		Eventually(func() (string, error) {
			q, err := admin.kube.CoreV1().ResourceQuotas(aliceNS).Get(ctx, "gatehouse", metav1.GetOptions{})
			if err != nil {
				return "", err
			}
			cpu := q.Spec.Hard["requests.cpu"]
			return cpu.String(), nil
		}).WithContext(ctx).WithTimeout(soon).Should(Equal("2"))
		Eventually(func() string {
			_, err := alice.create(ctx, aliceNS, podCPU("more", "1"))
			return fmt.Sprint(err)
		}).WithContext(ctx).WithTimeout(soon).Should(ContainSubstring(`denied by quota/compute: 1 more "cpu" would pass your limit; limit 2 (tenant alice), used 5`))
		pod, err := admin.kube.CoreV1().Pods(aliceNS).Get(ctx, "runs", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(pod.DeletionTimestamp).To(BeNil())
	}, SpecTimeout(3*time.Minute))

	It("hold for claims, whoever makes them", func(ctx SpecContext) {
		claim := func(name, size string) string {
			return fmt.Sprintf("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: %s}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}\n", name, size)
		}
		// Claims outlive the StatefulSets of other specs.
		Expect(admin.kube.CoreV1().PersistentVolumeClaims(aliceNS).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})).To(Succeed())
		uses(ctx, admin, aliceNS, "storage", "0")
		_, err := alice.create(ctx, aliceNS, claim("most", "60Gi"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, aliceNS, parse(claim("most", "60Gi")))).To(Succeed()) })
		_, err = alice.create(ctx, aliceNS, claim("too-much", "41Gi"))
		Expect(err).To(MatchError(ContainSubstring(`denied by quota/storage: 41Gi more "storage" would pass your limit; limit 100Gi (tier standard), used 60Gi`)))
		for _, odd := range []string{"-1Gi", "1e30"} {
			_, err = alice.create(ctx, aliceNS, claim("odd", `"`+odd+`"`))
			Expect(err).To(HaveOccurred(), odd)
		}
		uses(ctx, admin, aliceNS, "storage", "60Gi")
		uses(ctx, admin, aliceNS, "claims", "1")
	}, SpecTimeout(2*time.Minute))

	It("of a day count what was deleted too, for the person and not the tenant", func(ctx SpecContext) {
		uses(ctx, admin, aliceNS, "sessions", "0")
		started := usageOf(ctx, admin, aliceNS)["session-starts"].Used
		limitAlice(ctx, admin, fmt.Sprintf(`[{"dimension":"session-starts","amount":%d,"window":"day"}]`, started.Value()+2))
		for range 2 {
			made, err := alice.create(ctx, aliceNS, conformance.Filler(0))
			Expect(err).NotTo(HaveOccurred())
			Expect(admin.remove(ctx, aliceNS, made)).To(Succeed())
		}
		_, err := alice.create(ctx, aliceNS, conformance.Filler(0))
		Expect(err).To(MatchError(And(ContainSubstring(`denied by quota/session-starts: 1 more "session-starts" would pass your limit; limit `),
			ContainSubstring(" a day (tenant alice), used "), ContainSubstring("when the day begins anew"))))
		d := usageOf(ctx, admin, aliceNS)["session-starts"]
		Expect(d.ResetsAt.Sub(d.WindowStart.Time)).To(Equal(24 * time.Hour))
	}, SpecTimeout(2*time.Minute))

	It("of one session are its own", func(ctx SpecContext) {
		_, err := alice.create(ctx, aliceNS, strings.Replace(conformance.Filler(0), "spec:", "spec:\n  timeout: 7200", 1))
		Expect(err).To(MatchError(ContainSubstring("denied by quota/session-length: spec.timeout is 7200 seconds; limit 1800 seconds a session (\"tier standard\")")))
	}, SpecTimeout(time.Minute))

	It("heal a ledger that was deleted, edited, or is another's", func(ctx SpecContext) {
		cordon(ctx, admin)
		for i := range 2 {
			_, err := alice.create(ctx, aliceNS, conformance.Filler(i))
			Expect(err).NotTo(HaveOccurred())
		}
		uses(ctx, admin, aliceNS, "sessions", "2")
		starts := usageOf(ctx, admin, aliceNS)["session-starts"].Used
		ledger := admin.dynamic.Resource(ledgers)
		for _, harm := range []struct{ name, patch string }{
			{"deleted", ""},
			{"emptied", `[{"op":"remove","path":"/spec/sections"}]`},
			{"made unreadable", `[{"op":"replace","path":"/spec/sections","value":[{"tenant":7}]}]`},
			{"of another domain", `[{"op":"replace","path":"/spec/domain","value":"organization/globex"}]`},
		} {
			if harm.patch == "" {
				Expect(ledger.Delete(ctx, "organization-acme", metav1.DeleteOptions{})).To(Succeed())
			} else {
				_, err := ledger.Patch(ctx, "organization-acme", types.JSONPatchType, []byte(harm.patch), metav1.PatchOptions{})
				Expect(err).NotTo(HaveOccurred(), harm.name)
			}
			began := time.Now()
			Eventually(func() []int64 { held, open := domainHolds(ctx, admin, "organization-acme"); return []int64{held, open} }).
				WithContext(ctx).WithTimeout(soon).WithPolling(50*time.Millisecond).Should(Equal([]int64{2, 0}), harm.name)
			report("a ledger that was %s is right again after %.1f s", harm.name, time.Since(began).Seconds())
			if harm.patch == "" {
				now := usageOf(ctx, admin, aliceNS)["session-starts"].Used
				Expect(now.Cmp(starts)).To(Equal(0), "of %s starts the day knows %s", starts.String(), now.String())
			}
			_, err := alice.create(ctx, aliceNS, conformance.Filler(2))
			Expect(err).NotTo(HaveOccurred(), harm.name)
			_, err = alice.create(ctx, aliceNS, conformance.Filler(3))
			Expect(err).To(MatchError(ContainSubstring("denied by quota/sessions: ")), harm.name)
			Expect(admin.remove(ctx, aliceNS, parse(conformance.Filler(2)))).To(Succeed())
			uses(ctx, admin, aliceNS, "sessions", "2")
		}
	}, SpecTimeout(5*time.Minute))

	It("may queue sessions, which then start in order", func(ctx SpecContext) {
		uncordon := cordon(ctx, admin)
		limitAlice(ctx, admin, `[{"dimension":"sessions","amount":1,"overLimit":"queue"}]`)
		names := []string{"fill-3", "fill-1", "fill-2"}
		for i, n := range []int{3, 1, 2} {
			made, err := alice.create(ctx, aliceNS, conformance.Filler(n))
			Expect(err).NotTo(HaveOccurred())
			phase, _, _ := unstructured.NestedString(made.Object, "status", "phase")
			Expect(phase).To(Equal("Queued"), names[i])
			time.Sleep(1100 * time.Millisecond) // creation times have whole seconds
		}
		Eventually(phaseOf(ctx, admin, aliceNS, "fill-3")).WithContext(ctx).WithTimeout(soon).Should(Equal("Creating"))
		Eventually(messageOf(ctx, admin, aliceNS, "fill-1")).WithContext(ctx).WithTimeout(soon).
			Should(Equal("it is the next one and waits for a place: limit 1 of sessions (tenant), used 1"))
		Eventually(messageOf(ctx, admin, aliceNS, "fill-2")).WithContext(ctx).WithTimeout(soon).Should(ContainSubstring("1 before it"))
		Expect(sessionsHeld(ctx, admin, "organization-acme", "alice")).To(Equal(1))
		uncordon(ctx)
		var order []string
		for _, name := range names {
			ends(ctx, admin, name, "Completed")
			s, err := admin.dynamic.Resource(sessions).Namespace(aliceNS).Get(ctx, name, metav1.GetOptions{})
			Expect(err).NotTo(HaveOccurred())
			start, _, _ := unstructured.NestedString(s.Object, "status", "startTime")
			order = append(order, start)
		}
		Expect(order[0] <= order[1] && order[1] <= order[2]).To(BeTrue(), "%v", order)
		placesAreFree(ctx, admin)
	}, SpecTimeout(5*time.Minute))

	It("are there to see, for alice and for administrators", func(ctx SpecContext) {
		out, err := alice.kubectl(ctx, "", "-n", aliceNS, "get", "usages")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(And(ContainSubstring("local:alice"), ContainSubstring("standard"), ContainSubstring("FULLEST")))
		out, err = alice.kubectl(ctx, "", "-n", aliceNS, "describe", "usages", "current")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(And(ContainSubstring("session-starts"), ContainSubstring("Resets At"), ContainSubstring("Window Start"), ContainSubstring("Reserved")))
		show := func(as *user, args ...string) string {
			out, err := exec.CommandContext(ctx, "../../bin/kubectl-gatehouse", append([]string{"usage", "--kubeconfig", as.kubeconfig}, args...)...).CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), string(out))
			return string(out)
		}
		Expect(show(alice)).To(And(ContainSubstring("tenant alice (local:alice), organization acme, tier standard"), ContainSubstring("░░░")))
		Expect(show(admin, "--all", "-o", "csv")).To(And(ContainSubstring("acme,alice,local:alice,standard,cpu,cores,"), ContainSubstring("globex,bob,local:bob,premium,gpu,devices,")))
		families := home.metrics(ctx, "PROVISIONER_0")
		Expect(families).To(And(HaveKey("gatehouse_usage"), HaveKey("gatehouse_usage_limit"), HaveKey("gatehouse_usage_tenants_left_out")))
	}, SpecTimeout(2*time.Minute))
})

// podCPU is a Pod of alice's that requests CPU.
func podCPU(name, cpu string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: c, image: \"registry.k8s.io/pause:3.10\", resources: {requests: {cpu: \"%s\", memory: 64Mi}, limits: {cpu: \"%s\"}}}]}\n", name, cpu, cpu)
}
