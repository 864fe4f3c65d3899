package apiserver

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var webhookConfigurations = []schema.GroupVersionResource{
	{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"},
	{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"},
}

// complete says in a manifest what hardening would fill in: without webhooks nobody does,
// and the namespace enforces restricted.
func complete(manifest string) string {
	said := strings.Replace(container, "{name: c,", "{name: c, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}},", 1)
	return strings.ReplaceAll(manifest, container, "securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}, "+said)
}

const beforeMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: before}\ndata: {a: '1'}\n"

var _ = Describe("Objects from before the installation", Ordered, func() {
	var own *cluster
	var admin, alice *user
	wires := func(ctx context.Context, what ...string) string {
		GinkgoHelper()
		out, err := admin.kubectl(ctx, "", append([]string{"-n", aliceNS, "get", "-o", `jsonpath={range .items[*]}[{.metadata.annotations.gatehouse\.dev/passport}]{end}`}, what...)...)
		Expect(err).NotTo(HaveOccurred(), out)
		return out
	}

	BeforeAll(func(ctx SpecContext) {
		own = start(ctx, "per-controller", "1")
		admin, alice = own.as("admin"), own.as("alice")
		withoutWebhooks(ctx, admin, alice, func() {
			for _, manifest := range []string{complete(workload("Deployment", "before")), complete(workload("CronJob", "before")), beforeMap} {
				made, err := alice.create(ctx, aliceNS, manifest)
				Expect(err).NotTo(HaveOccurred())
				Expect(made.GetAnnotations()).NotTo(HaveKey("gatehouse.dev/passport"))
			}
			Eventually(func() string { return wires(ctx, "pods", "-l", "app=before") }).WithContext(ctx).WithTimeout(soon).Should(Equal("[]"))
		})
	}, NodeTimeout(20*time.Minute))

	It("are reported by gatehouse seal --list, which writes nothing", func(ctx SpecContext) {
		code, answer := sealCommand(ctx, admin, "--list")
		Expect(code).To(BeZero())
		Expect(answer.results()).To(And(
			HaveKeyWithValue("ConfigMap/before", "found"), HaveKeyWithValue("Deployment.apps/before", "found"), HaveKeyWithValue("CronJob.batch/before", "found"),
			HaveKeyWithValue(HavePrefix("ReplicaSet.apps/before-"), "left to its owner"), HaveKeyWithValue(HavePrefix("Pod/before-"), "left to its owner")))
		Expect(answer.unsealed()).To(ConsistOf("ConfigMap/before", "Deployment.apps/before", "CronJob.batch/before"))
		Expect(answer.Namespaces).To(HaveLen(1))
		report("seal --list looked at %d objects of alice's namespace, %d are unsealed", answer.Namespaces[0].Objects, answer.Namespaces[0].Unsealed)
		code, answer = sealCommand(ctx, alice, "--list", "configmaps", "deployments")
		Expect(code).To(BeZero(), "alice may look at what is hers")
		Expect(answer.unsealed()).To(ConsistOf("ConfigMap/before", "Deployment.apps/before"))
	}, SpecTimeout(time.Minute))

	It("go on working as the tenant's, and every such decision says so", func(ctx SpecContext) {
		removeOnePod(ctx, admin, alice, "before")
		Eventually(func() string { return wires(ctx, "pods", "-l", "app=before") }).WithContext(ctx).WithTimeout(soon).Should(Equal("[]"))
		Eventually(func() []map[string]any { return lines(own.env["DECISION_LOG"], `"identity/unsealed"`) }).WithContext(ctx).WithTimeout(soon).
			Should(ContainElement(And(HaveKeyWithValue("kind", "Pod"), HaveKeyWithValue("author", "local:alice"), HaveKeyWithValue("outcome", "allowed"),
				HaveKeyWithValue("actor", "system:serviceaccount:kube-system:replicaset-controller"))))
	}, SpecTimeout(time.Minute))

	It("are not sealed by a tenant's own annotation", func(ctx SpecContext) {
		was, err := admin.kube.CoreV1().ConfigMaps(aliceNS).Get(ctx, "before", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		out, err := alice.kubectl(ctx, "", "-n", aliceNS, "annotate", "configmap", "before", "gatehouse.dev/seal=tenant")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(ContainSubstring("Warning: the annotation gatehouse.dev/seal was dropped"))
		code, answer := sealCommand(ctx, alice, "configmap/before")
		Expect(code).To(Equal(1))
		Expect(answer.results()).To(HaveKeyWithValue("ConfigMap/before", "failed"))
		is, err := admin.kube.CoreV1().ConfigMaps(aliceNS).Get(ctx, "before", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		// The API server notes the field manager of a patch, and nothing else changes.
		for _, m := range []*corev1.ConfigMap{was, is} {
			m.ResourceVersion, m.ManagedFields = "", nil
		}
		Expect(is).To(Equal(was))
	}, SpecTimeout(time.Minute))

	It("are sealed by alice's next edit, her ReplicaSet with it", func(ctx SpecContext) {
		edited, err := alice.kube.AppsV1().Deployments(aliceNS).Patch(ctx, "before", types.MergePatchType, []byte(`{"metadata":{"labels":{"edited":"yes"}}}`), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
		wire := edited.Annotations["gatehouse.dev/passport"]
		Expect(wire).NotTo(BeEmpty())
		Eventually(func() string { return wires(ctx, "replicasets", "-l", "app=before") }).WithContext(ctx).WithTimeout(soon).Should(Equal("[" + wire + "]"))
		removeOnePod(ctx, admin, alice, "before")
		Eventually(func() string { return wires(ctx, "pods", "-l", "app=before") }).WithContext(ctx).WithTimeout(soon).Should(Equal("[" + wire + "]"))
		proved(ctx, admin, "deployment/before", "local:alice")
	}, SpecTimeout(time.Minute))

	It("are sealed for the tenant by gatehouse seal, once a dry run has shown it", func(ctx SpecContext) {
		code, answer := sealCommand(ctx, admin, "--dry-run")
		Expect(code).To(BeZero())
		Expect(answer.results()).To(And(HaveKeyWithValue("ConfigMap/before", "would seal"), HaveKeyWithValue("CronJob.batch/before", "would seal")))
		began := time.Now()
		code, answer = sealCommand(ctx, admin)
		report("gatehouse seal over one namespace took %.1f s", time.Since(began).Seconds())
		Expect(code).To(BeZero(), "%+v", answer)
		Expect(answer.results()).To(And(HaveKeyWithValue("ConfigMap/before", "sealed"), HaveKeyWithValue("CronJob.batch/before", "sealed"), Not(HaveKey("Deployment.apps/before"))))
		for _, object := range []string{"configmap/before", "cronjob/before"} {
			proved(ctx, admin, object, "local:alice")
		}
		code, answer = sealCommand(ctx, admin, "--list")
		Expect(code).To(BeZero())
		Expect(answer.unsealed()).To(BeEmpty(), "nothing is left")
		By("its next Job carries what the CronJob carries")
		cron, err := admin.kube.BatchV1().CronJobs(aliceNS).Get(ctx, "before", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Eventually(func() string { return wires(ctx, "jobs") }).WithContext(ctx).WithTimeout(3 * time.Minute).WithPolling(time.Second).
			Should(ContainSubstring("[" + cron.Annotations["gatehouse.dev/passport"] + "]"))
	}, SpecTimeout(5*time.Minute))
})

// withoutWebhooks does something while the API server does not ask Gatehouse.
func withoutWebhooks(ctx context.Context, admin, alice *user, do func()) {
	GinkgoHelper()
	sealing := func() (bool, error) {
		made, err := alice.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(aliceNS).
			Create(ctx, parse("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: probe}\n"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err == nil && made.GetAnnotations()["gatehouse.dev/passport"] != "", err
	}
	var saved []*unstructured.Unstructured
	for _, resource := range webhookConfigurations {
		configuration, err := admin.dynamic.Resource(resource).Get(ctx, "gatehouse", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		saved = append(saved, configuration)
		Expect(admin.dynamic.Resource(resource).Delete(ctx, "gatehouse", metav1.DeleteOptions{})).To(Succeed())
	}
	Eventually(sealing).WithContext(ctx).WithTimeout(soon).Should(BeFalse())
	do()
	for i, resource := range webhookConfigurations {
		saved[i].SetResourceVersion("")
		saved[i].SetUID("")
		_, err := admin.dynamic.Resource(resource).Create(ctx, saved[i], metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
	}
	Eventually(sealing).WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(BeTrue())
	Consistently(sealing).WithContext(ctx).WithTimeout(time.Second).WithPolling(50 * time.Millisecond).Should(BeTrue())
}

// sealAnswer is the JSON of gatehouse seal.
type sealAnswer struct {
	Objects    []struct{ Kind, Name, Result string }
	Namespaces []struct{ Objects, Unsealed int }
}

func (a sealAnswer) results() map[string]string {
	out := map[string]string{}
	for _, o := range a.Objects {
		out[o.Kind+"/"+o.Name] = o.Result
	}
	return out
}

// unsealed are the objects that would be asked for.
func (a sealAnswer) unsealed() []string {
	var out []string
	for _, o := range a.Objects {
		if o.Result == "found" {
			out = append(out, o.Kind+"/"+o.Name)
		}
	}
	return out
}

// sealCommand runs gatehouse seal in alice's namespace and gives its exit code.
func sealCommand(ctx context.Context, as *user, args ...string) (int, sealAnswer) {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, "../../bin/gatehouse", append([]string{"seal", "--kubeconfig", as.kubeconfig, "-n", aliceNS, "-o", "json"}, args...)...)
	out, err := cmd.Output()
	var answer sealAnswer
	Expect(json.Unmarshal(out, &answer)).To(Succeed(), "%s: %v", out, err)
	return cmd.ProcessState.ExitCode(), answer
}

// proved runs gatehouse passport verify on a live object.
func proved(ctx context.Context, as *user, object, author string) {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, "../../bin/gatehouse", "passport", "verify", "--kubeconfig", as.kubeconfig, "-n", aliceNS, "--object", object, "-o", "json").Output()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	Expect(string(out)).To(ContainSubstring(`"user_id": "` + author + `"`))
}
