package apiserver

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// needsOwner is a template in Gatekeeper's format, as somebody brings it along.
const needsOwner = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: needsowner
spec:
  crd:
    spec:
      names:
        kind: NeedsOwner
      validation:
        openAPIV3Schema:
          type: object
          properties:
            label: {type: string, default: owner}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package needsowner

        violation[{"msg": msg}] {
          not input.review.object.metadata.labels[input.parameters.label]
          msg := sprintf("%v %v has no label %v", [input.review.kind.kind, input.review.object.metadata.name, input.parameters.label])
        }
`

const ownerConstraint = `apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NeedsOwner
metadata: {name: config}
spec:
  enforcementAction: ACTION
  match:
    kinds: [{apiGroups: [""], kinds: [ConfigMap, ServiceAccount]}]
    namespaceSelector: {matchLabels: {gatehouse.dev/tenant: alice}}
    labelSelector: {matchLabels: {spec: constraints}}
  parameters: {}
`

var _ = Describe("Gatekeeper's templates and constraints", Ordered, func() {
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	configMap := func(name, labels string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", labels: {spec: constraints" + labels + "}}\n"
	}
	apply := func(ctx context.Context, manifest string) (string, error) {
		return home.as("admin").kubectl(ctx, manifest, "apply", "-f", "-")
	}
	gone := func(ctx context.Context) {
		out, err := home.as("admin").kubectl(ctx, "", "delete", "constrainttemplate", "needsowner", "--ignore-not-found")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(func() bool {
			_, err := home.as("admin").dynamic.Resource(definitions).Get(ctx, "needsowner.constraints.gatekeeper.sh", metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		}).WithContext(ctx).WithTimeout(slack * 10 * time.Second).WithPolling(100 * time.Millisecond).Should(BeTrue())
	}
	// told tries a ConfigMap of alice's until every replica gives the same answer often.
	told := func(ctx context.Context, labels string, as ...string) func() (string, error) {
		return func() (string, error) {
			out := ""
			for range 8 {
				var err error
				out, err = home.as("alice").kubectl(ctx, configMap("tried", labels), append([]string{"create", "-n", aliceNS, "--dry-run=server", "-f", "-"}, as...)...)
				if err != nil {
					return out, err
				}
			}
			return out, nil
		}
	}
	settled := func(f func() (string, error), want string, denied bool) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			out, err := f()
			g.Expect(out).To(ContainSubstring(want))
			if denied {
				g.Expect(err).To(HaveOccurred())
			} else {
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(out).To(ContainSubstring("created (server dry run)"))
			}
		}).WithTimeout(slack * 10 * time.Second).WithPolling(200 * time.Millisecond).Should(Succeed())
	}
	AfterAll(func(ctx SpecContext) { gone(ctx) })

	It("a bad template is refused with field, line and reason", func(ctx SpecContext) {
		for name, tt := range map[string]struct{ old, new, want string }{
			"the network":    {"not input.review.object.metadata.labels[input.parameters.label]", `http.send({"url": "http://x"})`, "spec.targets[0].rego:4: rego_type_error: undefined function http.send, which is refused: a decision does not talk to the network"},
			"syntax":         {"violation[{", "violation[[", "spec.targets[0].rego:3: rego_parse_error"},
			"another target": {"admission.k8s.gatekeeper.sh", "other", `spec.targets[0].target: is "other"`},
			"its schema":     {"{type: string, default: owner}", "{type: array}", "spec.crd.spec.validation.openAPIV3Schema"},
		} {
			out, err := apply(ctx, strings.Replace(needsOwner, tt.old, tt.new, 1))
			Expect(err).To(HaveOccurred(), name)
			Expect(out).To(And(ContainSubstring("denied by policy/invalid: ConstraintTemplate/needsowner: "), ContainSubstring(tt.want)), name)
		}
		_, err := home.as("admin").kubectl(ctx, "", "get", "constrainttemplate", "needsowner")
		Expect(err).To(HaveOccurred())
	}, SpecTimeout(2*time.Minute))

	It("a good one makes its kind, and a bad constraint of it is refused", func(ctx SpecContext) {
		out, err := apply(ctx, needsOwner)
		Expect(err).NotTo(HaveOccurred(), out)
		began := time.Now()
		Eventually(func() error {
			_, err := home.as("admin").kubectl(ctx, "", "get", "needsowner")
			return err
		}).WithContext(ctx).WithTimeout(slack * 10 * time.Second).WithPolling(100 * time.Millisecond).Should(Succeed())
		report("a template's kind is there after %.1fs", time.Since(began).Seconds())
		Eventually(func(g Gomega) {
			out, err := apply(ctx, strings.Replace(ownerConstraint, "ACTION", "maybe", 1))
			g.Expect(err).To(HaveOccurred())
			g.Expect(out).To(And(ContainSubstring("denied by policy/invalid: NeedsOwner/config: spec: "), ContainSubstring(`enforcementAction "maybe" is none of deny, warn, dryrun, scoped`)))
		}).WithContext(ctx).WithTimeout(slack * 10 * time.Second).WithPolling(200 * time.Millisecond).Should(Succeed())
		out, err = apply(ctx, strings.NewReplacer("ACTION", "deny", "parameters: {}", "parameters: {label: 7}").Replace(ownerConstraint))
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("spec.parameters.label"))
		Eventually(func() (string, error) {
			return home.as("admin").kubectl(ctx, "", "get", "constrainttemplate", "needsowner", "-o", "jsonpath={.status.created}")
		}).WithContext(ctx).WithTimeout(slack * 10 * time.Second).Should(Equal("true"))
	}, SpecTimeout(3*time.Minute))

	It("denies, warns and only counts, as the constraint says", func(ctx SpecContext) {
		out, err := apply(ctx, strings.Replace(ownerConstraint, "ACTION", "deny", 1))
		Expect(err).NotTo(HaveOccurred(), out)
		settled(told(ctx, ""), "denied by needsowner/config: ConfigMap tried has no label owner", true)
		settled(told(ctx, ", owner: alice"), "", false)
		_, err = home.as("alice").create(ctx, aliceNS, configMap("without", ""))
		Expect(err).To(MatchError(ContainSubstring("denied by needsowner/config: ConfigMap without has no label owner")))
		_, err = home.as("admin").kube.CoreV1().ConfigMaps(aliceNS).Get(ctx, "without", metav1.GetOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
		// What it does not look at: another tenant's namespace, another kind.
		_, err = home.as("bob").create(ctx, bobNS, configMap("without", ""))
		Expect(err).NotTo(HaveOccurred())
		Expect(home.as("admin").kube.CoreV1().ConfigMaps(bobNS).Delete(ctx, "without", metav1.DeleteOptions{})).To(Succeed())

		out, err = apply(ctx, strings.Replace(ownerConstraint, "ACTION", "warn", 1))
		Expect(err).NotTo(HaveOccurred(), out)
		settled(told(ctx, ""), "Warning: needsowner/config: ConfigMap tried has no label owner", false)

		out, err = apply(ctx, strings.Replace(ownerConstraint, "ACTION", "dryrun", 1))
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(func(g Gomega) {
			out, err := told(ctx, "")()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(out).NotTo(ContainSubstring("needsowner"))
		}).WithContext(ctx).WithTimeout(slack * 10 * time.Second).WithPolling(200 * time.Millisecond).Should(Succeed())

		By("auditing what is stored")
		// An account, since the audit goes through no ConfigMaps.
		_, err = home.as("alice").create(ctx, aliceNS, strings.Replace(configMap("without", ""), "ConfigMap", "ServiceAccount", 1))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(home.as("alice").kube.CoreV1().ServiceAccounts(aliceNS).Delete(ctx, "without", metav1.DeleteOptions{})).To(Succeed())
		}, NodeTimeout(time.Minute))
		home.launcher(ctx, "restart provisioner-0") // a pass begins with it
		Eventually(func() (string, error) {
			return home.as("alice").kubectl(ctx, "", "-n", aliceNS, "get", "reports.openreports.io", "gatehouse", "-o", `jsonpath={.results[?(@.policy=="needsowner/config")]}`)
		}).WithContext(ctx).WithTimeout(2 * time.Minute).WithPolling(200 * time.Millisecond).
			Should(And(ContainSubstring(`"name":"without"`), ContainSubstring("has no label owner")))
	}, SpecTimeout(5*time.Minute))

	It("belong to the platform: nobody else makes one, whatever RBAC says", func(ctx SpecContext) {
		openRBAC(ctx, home.as("admin"))
		for _, manifest := range []string{strings.ReplaceAll(needsOwner, "eedsowner", "eedsother"), strings.Replace(ownerConstraint, "ACTION", "deny", 1)} {
			out, err := home.as("carol").kubectl(ctx, manifest, "apply", "-f", "-")
			Expect(err).To(HaveOccurred())
			Expect(out).To(ContainSubstring("denied by identity/platform-object"))
		}
	}, SpecTimeout(time.Minute))

	It("goes with its kind and its constraints, and then denies nothing", func(ctx SpecContext) {
		out, err := apply(ctx, strings.Replace(ownerConstraint, "ACTION", "deny", 1))
		Expect(err).NotTo(HaveOccurred(), out)
		settled(told(ctx, ""), "denied by needsowner/config", true)
		gone(ctx)
		settled(told(ctx, ""), "", false)
	}, SpecTimeout(3*time.Minute))
})
