package apiserver

import (
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/test/conformance"
)

var _ = Describe("A session", Ordered, func() {
	It("is alice's, with a passport that proves it", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		DeferCleanup(func(ctx SpecContext) { clearSessions(ctx, admin, aliceNS, "organization-acme", "alice") })

		out, err := alice.kubectl(ctx, sample("session-alice.yaml"), "-n", aliceNS, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		// Not by its short name: kubectl takes rs for ReplicaSets, which come first.
		out, err = alice.kubectl(ctx, "", "-n", aliceNS, "get", "researchsessions")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(out).To(ContainSubstring("website-analysis"))

		stored, err := alice.dynamic.Resource(sessions).Namespace(aliceNS).Get(ctx, "website-analysis", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		wire := stored.GetAnnotations()["gatehouse.dev/passport"]
		Expect(wire).To(HavePrefix("v1."))

		By("verifying it, and refusing it altered or elsewhere")
		where := []string{"--kind", "ResearchSession", "--group", "research.example.com", "--name", "website-analysis"}
		said, err := verify(ctx, admin, wire, append(where, "--namespace", aliceNS)...)
		Expect(err).NotTo(HaveOccurred())
		Expect(said).To(ContainSubstring("local:alice"))
		_, err = verify(ctx, admin, flip(wire), append(where, "--namespace", aliceNS)...)
		Expect(err).To(MatchError(ContainSubstring("signature")))
		_, err = verify(ctx, admin, wire, append(where, "--namespace", bobNS)...)
		Expect(err).To(MatchError(ContainSubstring("another object")))

		By("applying the same manifest again when it is over: nothing changes")
		ends(ctx, admin, "website-analysis", "Completed")
		stored, err = alice.dynamic.Resource(sessions).Namespace(aliceNS).Get(ctx, "website-analysis", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(stored.GetAnnotations()).To(HaveKeyWithValue("gatehouse.dev/passport", wire))
		out, err = alice.kubectl(ctx, sample("session-alice.yaml"), "-n", aliceNS, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		again, err := alice.dynamic.Resource(sessions).Namespace(aliceNS).Get(ctx, "website-analysis", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(again.GetResourceVersion()).To(Equal(stored.GetResourceVersion()))
	}, SpecTimeout(2*time.Minute))

	It("is denied in bob's namespace, in words that help", func(ctx SpecContext) {
		openRBAC(ctx, home.as("admin"))
		out, err := home.as("alice").kubectl(ctx, sample("session-alice.yaml"), "-n", bobNS, "apply", "-f", "-")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("denied by isolation/tenant-membership: "))
		Expect(out).To(ContainSubstring(aliceNS))
		out, err = home.as("bob").kubectl(ctx, sample("session-alice.yaml"), "-n", aliceNS, "apply", "-f", "-")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("denied by isolation/tenant-membership: "))
		list, err := home.as("admin").dynamic.Resource(sessions).List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(list.Items).To(BeEmpty())
	}, SpecTimeout(time.Minute))

	It("is denied for opus, naming what she may use", func(ctx SpecContext) {
		out, err := home.as("alice").kubectl(ctx, sample("session-alice-opus.yaml"), "-n", aliceNS, "apply", "-f", "-")
		Expect(err).To(HaveOccurred())
		Expect(out).To(And(ContainSubstring("denied by models/granted: "), ContainSubstring(`"claude-sonnet"`), ContainSubstring("tier=standard")))
	}, SpecTimeout(time.Minute))

	It("is never one too many, whatever comes at once", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		cordon(ctx, admin) // who runs to the end gives a place back
		DeferCleanup(func(ctx SpecContext) { clearSessions(ctx, admin, aliceNS, "organization-acme", "alice") })
		var wg sync.WaitGroup
		refusals := make(chan string, 12)
		for i := range cap(refusals) {
			wg.Go(func() {
				defer GinkgoRecover()
				if _, err := alice.create(ctx, aliceNS, conformance.Filler(i)); err != nil {
					refusals <- err.Error()
				}
			})
		}
		wg.Wait()
		close(refusals)
		list, err := alice.dynamic.Resource(sessions).Namespace(aliceNS).List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(list.Items).To(HaveLen(3))
		for refusal := range refusals {
			Expect(refusal).To(And(ContainSubstring("denied by quota/sessions: "), ContainSubstring("limit 3"), ContainSubstring("used 3")))
		}

		By("ending one: its place is free again")
		Expect(alice.dynamic.Resource(sessions).Namespace(aliceNS).Delete(ctx, list.Items[0].GetName(), metav1.DeleteOptions{})).To(Succeed())
		began := time.Now()
		Eventually(func() error { _, err := alice.create(ctx, aliceNS, conformance.Filler(99)); return err }).
			WithContext(ctx).WithTimeout(slack * 5 * time.Second).WithPolling(20 * time.Millisecond).Should(Succeed())
		report("a session's place is free %.0f ms after its deletion", float64(time.Since(began).Microseconds())/1000)
	}, SpecTimeout(2*time.Minute))

	It("costs nothing as a dry run", func(ctx SpecContext) {
		alice := home.as("alice")
		for range 5 {
			object := parse(conformance.Filler(1))
			_, err := alice.dynamic.Resource(sessions).Namespace(aliceNS).Create(ctx, object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(sessionsHeld(ctx, home.as("admin"), "organization-acme", "alice")).To(BeZero())
	}, SpecTimeout(time.Minute))
})

// flip changes one bit in the middle of a passport's signature.
func flip(wire string) string {
	at := strings.LastIndexByte(wire, '.') + 5
	b := []byte(wire)
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}
