package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// noDrafts denies ConfigMaps of a name, with a word of its own in the message.
const noDrafts = `
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: acme.no-drafts}
spec:
  delegable: [most]
  bounds: {most: {type: integer, minimum: 1, maximum: 5}}
  rego: |
    # METADATA
    # title: No drafts
    # description: ConfigMaps named draft-... are not kept here.
    # custom:
    #   match: {groups: [""], kinds: [ConfigMap], operations: [CREATE]}
    #   parameters: {word: one, most: 1}
    package acme["no-drafts"]

    deny contains msg if {
    	startswith(input.request.name, "draft-")
    	count(object.get(input.request.object, "data", {})) > input.parameters.most
    	msg := sprintf("%s is a draft of more than %d parts; word %s", [input.request.name, input.parameters.most, input.parameters.word])
    }
  tests: |
    package acme_test

    import data.acme["no-drafts"].deny

    test_draft if {
    	count(deny) == 1 with input as {"request": {"name": "draft-a", "object": {"data": {"a": "", "b": ""}}}, "parameters": {"most": 1, "word": "w"}}
    }
`

var policies = schema.GroupVersionResource{Group: "gatehouse.dev", Version: "v1alpha1", Resource: "policies"}

// draft is a ConfigMap of so many parts.
func draft(name string, parts int) string {
	data := map[string]string{}
	for i := range parts {
		data[fmt.Sprintf("part-%d", i)] = "x"
	}
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": data})
	Expect(err).NotTo(HaveOccurred())
	return string(raw)
}

// readyPolicy waits until a Policy is in force on every replica as it stands.
func readyPolicy(ctx context.Context, admin *user, name string) *unstructured.Unstructured {
	GinkgoHelper()
	var p *unstructured.Unstructured
	Eventually(func() (string, error) {
		var err error
		if p, err = admin.dynamic.Resource(policies).Get(ctx, name, metav1.GetOptions{}); err != nil {
			return "", err
		}
		conditions, _, _ := unstructured.NestedSlice(p.Object, "status", "conditions")
		observed, _, _ := unstructured.NestedInt64(p.Object, "status", "observedGeneration")
		compiled, _, _ := unstructured.NestedString(p.Object, "status", "compiled")
		if len(conditions) == 0 || observed != p.GetGeneration() {
			return "not looked at", nil
		}
		return fmt.Sprintf("%v %s", conditions[0].(map[string]any)["reason"], compiled), nil
	}).WithContext(ctx).WithTimeout(time.Minute).WithPolling(100 * time.Millisecond).Should(Equal("Ready 2/2"))
	return p
}

var _ = Describe("A Policy", Ordered, func() {
	var admin, alice, bob, carol *user
	amendPolicy := func(ctx context.Context, patch string) {
		GinkgoHelper()
		out, err := admin.kubectl(ctx, "", "patch", "policy", "acme.no-drafts", "--type=merge", "-p", patch)
		Expect(err).NotTo(HaveOccurred(), out)
	}
	try := func(ctx context.Context, u *user, namespace, name string, parts int) (string, error) {
		return u.kubectl(ctx, draft(name, parts), "-n", namespace, "create", "--dry-run=server", "-f", "-")
	}

	BeforeAll(func(ctx SpecContext) {
		admin, alice, bob, carol = home.as("admin"), home.as("alice"), home.as("bob"), home.as("carol")
		DeferCleanup(func(ctx SpecContext) {
			_, _ = admin.kubectl(ctx, "", "delete", "policy", "--all", "--timeout=30s")
		}, NodeTimeout(time.Minute))
	}, NodeTimeout(time.Minute))

	It("that is wrong is refused at kubectl apply with file, line and reason, and not stored", func(ctx SpecContext) {
		for reason, change := range map[string][2]string{
			`acme/no-drafts/rule.rego:10: rego_type_error: undefined function http.send`:            {`startswith(input.request.name, "draft-")`, `http.send({}).ok`},
			`acme/no-drafts/rule.rego:7: package acme.drafts: the folder demands acme["no-drafts"]`: {`package acme["no-drafts"]`, `package acme.drafts`},
			`test_draft failed`:                            {`count(deny) == 1`, `count(deny) == 2`},
			`delegable parameter "least" is unknown`:       {`delegable: [most]`, `delegable: [most, least]`},
			`metadata.name "acme" is not <area>.<rule>`:    {`{name: acme.no-drafts}`, `{name: acme}`},
			`is there already, from the built-in policies`: {`{name: acme.no-drafts}`, `{name: quota.sessions}`},
		} {
			text := strings.ReplaceAll(noDrafts, change[0], change[1])
			Expect(text).NotTo(Equal(noDrafts))
			if strings.Contains(text, "quota.sessions") {
				text = strings.ReplaceAll(text, `package acme["no-drafts"]`, "package quota.sessions")
			}
			out, err := admin.kubectl(ctx, text, "apply", "-f", "-")
			Expect(err).To(HaveOccurred(), reason)
			Expect(out).To(And(ContainSubstring("denied by policy/invalid"), ContainSubstring(reason)))
		}
		list, err := admin.dynamic.Resource(policies).List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(list.Items).To(BeEmpty())
	}, SpecTimeout(2*time.Minute))

	It("that is too large is refused at kubectl apply, and not stored", func(ctx SpecContext) {
		for size, reason := range map[int]string{300 << 10: "may not be more than 262144", 5 << 20: "limit is 3145728"} {
			text := strings.Replace(noDrafts, "\n\n    deny contains", "\n\n    # "+strings.Repeat("x", size)+"\n    deny contains", 1)
			Expect(len(text)).To(BeNumerically(">", size))
			out, err := admin.kubectl(ctx, text, "apply", "--server-side", "-f", "-")
			Expect(err).To(HaveOccurred())
			Expect(len(out)).To(BeNumerically("<", 4096), "the text is not said again")
			Expect(out).To(ContainSubstring(reason))
		}
		list, err := admin.dynamic.Resource(policies).List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(list.Items).To(BeEmpty())
	}, SpecTimeout(time.Minute))

	It("that allocates without end is contained, and its neighbours answer", func(ctx SpecContext) {
		// A chain of calls, each twice as long as the last: no deadline is looked at inside one.
		chain := "x0 := input.request.name\n"
		for i := range 40 {
			chain += fmt.Sprintf("    	x%d := concat(\"\", [x%d, x%d])\n", i+1, i, i)
		}
		text := strings.Replace(noDrafts, `startswith(input.request.name, "draft-")`+"\n", `startswith(input.request.name, "draft-greedy")`+"\n    	"+chain+"    	count(x40) > 7\n", 1)
		Expect(text).NotTo(Equal(noDrafts))
		text, _, _ = strings.Cut(text, "  tests: |")
		out, err := admin.kubectl(ctx, text, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		readyPolicy(ctx, admin, "acme.no-drafts")
		for range 4 {
			out, err = try(ctx, alice, aliceNS, "draft-greedy", 3)
			Expect(err).To(HaveOccurred())
			Expect(out).To(ContainSubstring("concat: the result would be larger than 4 MiB"))
			out, err = try(ctx, bob, bobNS, "draft-a", 3)
			Expect(err).NotTo(HaveOccurred(), out)
		}
		out, err = admin.kubectl(ctx, "", "delete", "policy", "acme.no-drafts", "--timeout=30s")
		Expect(err).NotTo(HaveOccurred(), out)
	}, SpecTimeout(2*time.Minute))

	It("decides on every replica soon after it is applied, and says so", func(ctx SpecContext) {
		_, err := try(ctx, alice, aliceNS, "draft-a", 3)
		Expect(err).NotTo(HaveOccurred(), "before the policy, alice's draft is nobody's business")
		began := time.Now()
		out, err := admin.kubectl(ctx, noDrafts, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		p := readyPolicy(ctx, admin, "acme.no-drafts")
		report("a Policy is in force on 2 of 2 replicas, and says so, %.1f s after kubectl apply", time.Since(began).Seconds())
		digest, _, _ := unstructured.NestedString(p.Object, "status", "digest")
		Expect(digest).To(HavePrefix("sha256:"))
		for _, u := range []*user{alice, bob} {
			namespace := map[*user]string{alice: aliceNS, bob: bobNS}[u]
			for range 4 { // both replicas
				out, err = try(ctx, u, namespace, "draft-a", 3)
				Expect(err).To(HaveOccurred())
				Expect(out).To(ContainSubstring("denied by acme/no-drafts: draft-a is a draft of more than 1 parts; word one"))
			}
			out, err = try(ctx, u, namespace, "draft-a", 1)
			Expect(err).NotTo(HaveOccurred(), out)
		}
		Expect(lines(home.env["DECISION_LOG"], `"acme/no-drafts"`)).To(ContainElement(HaveKeyWithValue("policyDigest", digest)))
	}, SpecTimeout(2*time.Minute))

	It("is the platform's: its parameters are the organization's within bounds", func(ctx SpecContext) {
		settings := func(patch string) (string, error) {
			return carol.kubectl(ctx, "", "patch", "organizationsettings", "acme", "--type=merge", "-p", patch)
		}
		out, err := carol.kubectl(ctx, noDrafts, "apply", "-f", "-")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("orbidden"))
		for value, reason := range map[string]string{
			`{"acme.no-drafts":{"most":6}}`:      "is out of bounds",
			`{"acme.no-drafts":{"most":"many"}}`: "want a number as in the default, got a string",
			`{"acme.no-drafts":{"word":"two"}}`:  `parameter "word" is not delegable`,
			`{"acme.no-draft":{"most":2}}`:       `there is no policy "acme/no-draft"`,
		} {
			out, err := settings(`{"spec":{"policyParameters":` + value + `}}`)
			Expect(err).To(HaveOccurred(), value)
			Expect(out).To(And(ContainSubstring("denied by identity/policy-parameters"), ContainSubstring(reason)))
		}
		out, err = settings(`{"spec":{"policyParameters":{"acme.no-drafts":{"most":3}}}}`)
		Expect(err).NotTo(HaveOccurred(), out)
		DeferCleanup(func(ctx SpecContext) {
			out, err := carol.kubectl(ctx, "", "patch", "organizationsettings", "acme", "--type=merge", "-p", `{"spec":{"policyParameters":null}}`)
			Expect(err).NotTo(HaveOccurred(), out)
		}, NodeTimeout(time.Minute))
		Eventually(func() error { _, err := try(ctx, alice, aliceNS, "draft-a", 3); return err }).WithContext(ctx).WithTimeout(soon).Should(Succeed())
		out, err = try(ctx, alice, aliceNS, "draft-a", 4)
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("a draft of more than 3 parts"))
		out, err = try(ctx, bob, bobNS, "draft-a", 3)
		Expect(err).To(HaveOccurred(), "globex set nothing")
		Expect(out).To(ContainSubstring("a draft of more than 1 parts"))
	}, SpecTimeout(2*time.Minute))

	It("exempts a tenant until a day, in words, and nobody else", func(ctx SpecContext) {
		until := func(t time.Time) string {
			return fmt.Sprintf(`{"spec":{"exemptions":[{"tenant":"bob","owner":"dave","reason":"moving house","expires":%q}]}}`, t.UTC().Format(time.RFC3339))
		}
		amendPolicy(ctx, until(time.Now().Add(time.Hour)))
		readyPolicy(ctx, admin, "acme.no-drafts")
		out, err := try(ctx, bob, bobNS, "draft-a", 9)
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(And(ContainSubstring("Warning: acme/no-drafts: would deny, exempt until"), ContainSubstring(`by "dave"`)))
		_, err = try(ctx, alice, aliceNS, "draft-a", 9)
		Expect(err).To(HaveOccurred())
		amendPolicy(ctx, until(time.Now().Add(-time.Hour)))
		readyPolicy(ctx, admin, "acme.no-drafts")
		_, err = try(ctx, bob, bobNS, "draft-a", 9)
		Expect(err).To(HaveOccurred(), "an exemption that is over")
		amendPolicy(ctx, `{"spec":{"exemptions":null}}`)
	}, SpecTimeout(2*time.Minute))

	It("warns, or only notes, while it is rolled out", func(ctx SpecContext) {
		out, err := admin.kubectl(ctx, "", "patch", "policy", "acme.no-drafts", "--type=merge", "-p", `{"spec":{"enforcement":"warn"}}`)
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("needs a reason"))
		amendPolicy(ctx, `{"spec":{"enforcement":"warn","reason":"new"}}`)
		readyPolicy(ctx, admin, "acme.no-drafts")
		out, err = try(ctx, bob, bobNS, "draft-a", 9)
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(ContainSubstring("Warning: acme/no-drafts: draft-a is a draft of more than 1 parts"))
		amendPolicy(ctx, `{"spec":{"enforcement":"audit"}}`)
		readyPolicy(ctx, admin, "acme.no-drafts")
		out, err = try(ctx, bob, bobNS, "draft-noted", 9)
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).NotTo(ContainSubstring("Warning"))
		Eventually(func() []map[string]any { return lines(home.env["DECISION_LOG"], `"draft-noted"`) }).WithContext(ctx).WithTimeout(soon).
			Should(ContainElement(HaveKeyWithValue("audited", ContainElement("acme/no-drafts"))))
	}, SpecTimeout(2*time.Minute))

	It("that only notes shows what is stored in each namespace's report", func(ctx SpecContext) {
		_, err := bob.create(ctx, bobNS, "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: draft-account}\n")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(bob.kube.CoreV1().ServiceAccounts(bobNS).Delete(ctx, "draft-account", metav1.DeleteOptions{})).To(Succeed())
		}, NodeTimeout(time.Minute))
		text := strings.ReplaceAll(strings.ReplaceAll(noDrafts, "kinds: [ConfigMap]", "kinds: [ServiceAccount]"), `> input.parameters.most`, `< input.parameters.most`)
		text = strings.ReplaceAll(text, `{"data": {"a": "", "b": ""}}`, `{}`) + "  enforcement: audit\n  reason: new\n"
		out, err := admin.kubectl(ctx, text, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		readyPolicy(ctx, admin, "acme.no-drafts")
		home.launcher(ctx, "restart provisioner-0") // a pass begins with it
		began := time.Now()
		Eventually(func() (string, error) {
			return bob.kubectl(ctx, "", "-n", bobNS, "get", "reports.openreports.io", "gatehouse", "-o", "jsonpath={.results[?(@.policy==\"acme/no-drafts\")]}")
		}).WithContext(ctx).WithTimeout(2 * time.Minute).WithPolling(200 * time.Millisecond).
			Should(And(ContainSubstring(`"name":"draft-account"`), ContainSubstring(`"result":"fail"`), ContainSubstring(`"author":"local:bob"`)))
		report("what is stored is reported %.1f s after the audit's start", time.Since(began).Seconds())
		out, err = bob.kubectl(ctx, "", "-n", bobNS, "delete", "reports.openreports.io", "gatehouse")
		Expect(err).To(HaveOccurred(), "nobody tidies up her own report: "+out)
	}, SpecTimeout(4*time.Minute))
})
