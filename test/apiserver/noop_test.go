package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"gatehouse.dev/gatehouse/test/conformance"
)

const correlationKey = "gatehouse.dev/correlation-id"

// settled waits until nobody has changed an object for two seconds and gives it.
func settled(ctx context.Context, r dynamic.ResourceInterface, name string) *unstructured.Unstructured {
	GinkgoHelper()
	var last *unstructured.Unstructured
	var since time.Time
	Eventually(func() (time.Duration, error) {
		now, err := r.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return 0, err
		}
		if last == nil || last.GetResourceVersion() != now.GetResourceVersion() {
			last, since = now, time.Now()
		}
		return time.Since(since), nil
	}).WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(BeNumerically(">=", 2*time.Second))
	return last
}

// version is what a write without effect must leave as it was.
type version struct {
	ResourceVersion       string
	Generation            int64
	Passport, Correlation string
}

func versionOf(o metav1.Object) version {
	return version{o.GetResourceVersion(), o.GetGeneration(), o.GetAnnotations()[passportKey], o.GetAnnotations()[correlationKey]}
}

// unsealed is an object as somebody would keep it who knows nothing of passports.
func unsealed(o *unstructured.Unstructured) *unstructured.Unstructured {
	out := o.DeepCopy()
	for _, key := range []string{passportKey, correlationKey} {
		unstructured.RemoveNestedField(out.Object, "metadata", "annotations", key)
	}
	if len(out.GetAnnotations()) == 0 {
		unstructured.RemoveNestedField(out.Object, "metadata", "annotations")
	}
	return out
}

// text is an object as a manifest.
func text(o *unstructured.Unstructured) string {
	GinkgoHelper()
	data, err := json.Marshal(o)
	Expect(err).NotTo(HaveOccurred())
	return string(data)
}

// declared are manifests of kinds that controllers of their own, the server's allocators
// or nobody at all work on.
func declared() map[string]string {
	return map[string]string{
		"Deployment": workload("Deployment", "rests"),
		"Service":    "apiVersion: v1\nkind: Service\nmetadata: {name: rests}\nspec: {selector: {app: rests}, ports: [{port: 80}]}\n",
		"Job":        waitingJob("rests"),
		"session":    conformance.Filler(7),
	}
}

var _ = Describe("A write without effect", Ordered, func() {
	var alice, admin *user
	var said *warnings
	stored := map[string]*unstructured.Unstructured{}
	clients := map[string]dynamic.ResourceInterface{}

	BeforeAll(func(ctx SpecContext) {
		alice, admin, said = home.as("alice"), home.as("admin"), &warnings{}
		config := rest.CopyConfig(alice.config)
		config.WarningHandlerWithContext = said
		alice.dynamic = dynamicFor(config)
		DeferCleanup(func(ctx SpecContext) {
			for _, object := range stored {
				Expect(admin.remove(ctx, aliceNS, object)).To(Succeed())
			}
			clearSessions(ctx, admin, aliceNS, "organization-acme", "alice")
		})
		for what, manifest := range declared() {
			object := parse(manifest)
			var err error
			clients[what], err = alice.resource(object, aliceNS)
			Expect(err).NotTo(HaveOccurred())
			stored[what], err = clients[what].Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: "alice"})
			Expect(err).NotTo(HaveOccurred(), what)
		}
		for what := range stored {
			stored[what] = settled(ctx, clients[what], stored[what].GetName())
			Expect(sealedBy(stored[what])).To(Equal("local:alice"))
		}
	}, NodeTimeout(3*time.Minute))

	patch := func(what string, kind types.PatchType, body string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := clients[what].Patch(ctx, stored[what].GetName(), kind, []byte(body), metav1.PatchOptions{})
			return err
		}
	}
	put := func(what string, change func(*unstructured.Unstructured) *unstructured.Unstructured) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := clients[what].Update(ctx, change(stored[what]), metav1.UpdateOptions{})
			return err
		}
	}
	kubectl := func(manifest func() string, args ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			out, err := alice.kubectl(ctx, manifest(), append([]string{"-n", aliceNS}, args...)...)
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		}
	}
	whole := func(o *unstructured.Unstructured) *unstructured.Unstructured { return o.DeepCopy() }

	for what, manifest := range declared() {
		It("leaves a "+what+" as it is", func(ctx SpecContext) {
			own := func() string { return fmt.Sprintf(`{"metadata":{"name":%q}}`, stored[what].GetName()) }
			writes := map[string]func(context.Context) error{
				"server-side apply": func(ctx context.Context) error {
					object := parse(manifest)
					_, err := clients[what].Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: "alice"})
					return err
				},
				"kubectl apply --server-side": kubectl(func() string { return manifest }, "apply", "--server-side", "--field-manager=alice", "-f", "-"),
				"PUT of what GET returned":    put(what, whole),
				"PUT without the passport":    put(what, unsealed),
				// Before any kubectl apply: replace writes that one's annotation anew.
				"kubectl replace":                   kubectl(func() string { return text(stored[what]) }, "replace", "-f", "-"),
				"kubectl replace without it":        kubectl(func() string { return text(unsealed(stored[what])) }, "replace", "-f", "-"),
				"an empty JSON patch":               patch(what, types.JSONPatchType, `[]`),
				"a JSON patch of the same":          patch(what, types.JSONPatchType, fmt.Sprintf(`[{"op":"replace","path":"/metadata/name","value":%q}]`, stored[what].GetName())),
				"a JSON patch without the passport": patch(what, types.JSONPatchType, `[{"op":"remove","path":"/metadata/annotations/gatehouse.dev~1passport"}]`),
				"an empty merge patch":              patch(what, types.MergePatchType, `{}`),
				"a merge patch of the same":         patch(what, types.MergePatchType, own()),
				"a merge patch without it":          patch(what, types.MergePatchType, fmt.Sprintf(`{"metadata":{"annotations":{%q:null,%q:null}}}`, passportKey, correlationKey)),
			}
			if what != "session" { // The API server has no strategic merge for custom resources.
				writes["an empty strategic merge patch"] = patch(what, types.StrategicMergePatchType, `{}`)
				writes["a strategic merge patch of the same"] = patch(what, types.StrategicMergePatchType, own())
				writes["a strategic merge patch without it"] = patch(what, types.StrategicMergePatchType, fmt.Sprintf(`{"metadata":{"annotations":{%q:null}}}`, passportKey))
			}
			rests := func(name string, write func(context.Context) error) {
				GinkgoHelper()
				Expect(write(ctx)).To(Succeed(), name)
				now, err := clients[what].Get(ctx, stored[what].GetName(), metav1.GetOptions{})
				Expect(err).NotTo(HaveOccurred())
				Expect(versionOf(now)).To(Equal(versionOf(stored[what])), name)
			}
			for name, write := range writes {
				rests(name, write)
			}
			Expect(said.take()).NotTo(ContainElement(ContainSubstring("passport")))

			By("applying it as kubectl does, which first leaves its own annotation")
			apply := kubectl(func() string { return manifest }, "apply", "-f", "-")
			Expect(apply(ctx)).To(Succeed())
			stored[what] = settled(ctx, clients[what], stored[what].GetName())
			rests("kubectl apply", apply)
			rests("PUT of what was applied", writes["PUT of what GET returned"])
		}, SpecTimeout(time.Minute))
	}

	It("is no way to a passport that somebody else earned", func(ctx SpecContext) {
		lent, err := home.as("bob").create(ctx, bobNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: lent-}\n")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.remove(ctx, bobNS, lent)).To(Succeed()) })
		for name, forged := range map[string]string{
			"bob's":            lent.GetAnnotations()[passportKey],
			"no passport":      "v1.none.e30.AAAA",
			"one bit flipped":  flip(stored["Deployment"].GetAnnotations()[passportKey]),
			"of another kind":  stored["Service"].GetAnnotations()[passportKey],
			"an empty one":     "",
			"her own, shouted": stored["Deployment"].GetAnnotations()[passportKey] + "=",
		} {
			before, err := clients["Deployment"].Get(ctx, "rests", metav1.GetOptions{})
			Expect(err).NotTo(HaveOccurred())
			fake := before.DeepCopy()
			Expect(unstructured.SetNestedField(fake.Object, forged, "metadata", "annotations", passportKey)).To(Succeed())
			applied := parse(declared()["Deployment"])
			applied.SetAnnotations(map[string]string{passportKey: forged})
			for way, write := range map[string]func() (*unstructured.Unstructured, error){
				"PUT": func() (*unstructured.Unstructured, error) {
					fake.SetResourceVersion("")
					return clients["Deployment"].Update(ctx, fake, metav1.UpdateOptions{})
				},
				"merge patch": func() (*unstructured.Unstructured, error) {
					body := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, passportKey, forged)
					return clients["Deployment"].Patch(ctx, "rests", types.MergePatchType, []byte(body), metav1.PatchOptions{})
				},
				"apply": func() (*unstructured.Unstructured, error) {
					return clients["Deployment"].Apply(ctx, "rests", applied, metav1.ApplyOptions{FieldManager: "forger", Force: true})
				},
			} {
				now, err := write()
				Expect(err).NotTo(HaveOccurred(), "%s by %s", name, way)
				Expect(now.GetAnnotations()).To(HaveKeyWithValue(passportKey, before.GetAnnotations()[passportKey]), "%s by %s", name, way)
				Expect(now.GetGeneration()).To(Equal(before.GetGeneration()), "%s by %s", name, way)
				if forged != "" {
					Expect(said.take()).To(ContainElement(ContainSubstring("the passport in this manifest was dropped")), "%s by %s", name, way)
				}
			}
		}
	}, SpecTimeout(time.Minute))
})

var _ = Describe("A label on a Deployment", func() {
	It("brings a new passport to its ReplicaSet, and then both rest", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		_, err := alice.create(ctx, aliceNS, workload("Deployment", "labeled"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(admin.remove(ctx, aliceNS, parse(workload("Deployment", "labeled")))).To(Succeed())
		})
		deployments, err := alice.resource(parse(workload("Deployment", "labeled")), aliceNS)
		Expect(err).NotTo(HaveOccurred())
		before := settled(ctx, deployments, "labeled")
		out, err := alice.kubectl(ctx, "", "-n", aliceNS, "label", "deployment/labeled", "team=red")
		Expect(err).NotTo(HaveOccurred(), out)
		began := time.Now()
		both := func() ([2]version, error) {
			now, err := alice.kube.AppsV1().Deployments(aliceNS).Get(ctx, "labeled", metav1.GetOptions{})
			if err != nil {
				return [2]version{}, err
			}
			sets, err := alice.kube.AppsV1().ReplicaSets(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "app=labeled"})
			if err != nil {
				return [2]version{}, err
			}
			if len(sets.Items) != 1 || now.Status.ObservedGeneration != now.Generation {
				return [2]version{}, fmt.Errorf("%d ReplicaSets, generation %d, observed %d", len(sets.Items), now.Generation, now.Status.ObservedGeneration)
			}
			deployment, set := versionOf(now), versionOf(&sets.Items[0])
			if deployment.Passport == versionOf(before).Passport || deployment.Passport != set.Passport || deployment.Correlation != set.Correlation {
				return [2]version{}, fmt.Errorf("the ReplicaSet does not carry the Deployment's new passport")
			}
			return [2]version{deployment, set}, nil
		}
		Eventually(both).WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).ShouldNot(BeZero())
		report("a label's new passport is on the ReplicaSet after %.0f ms", float64(time.Since(began).Microseconds())/1000)
		settled(ctx, deployments, "labeled")
		now, err := both()
		Expect(err).NotTo(HaveOccurred())
		Consistently(both).WithContext(ctx).WithTimeout(5 * time.Second).WithPolling(100 * time.Millisecond).Should(Equal(now))
	}, SpecTimeout(2*time.Minute))
})
