package apiserver

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// swaps is how often the set is changed under load: a hundred times in test-long.
func swaps() int {
	if os.Getenv("GATEHOUSE_SWAPS") == "all" {
		return 100
	}
	return 20
}

// wordsByDigest gives what the denials of this spec said, by the digest of the set that each of
// them names, and how many there are.
func wordsByDigest(word *regexp.Regexp) (words map[string]map[string]bool, logged int) {
	GinkgoHelper()
	words = map[string]map[string]bool{}
	for _, line := range lines(home.env["DECISION_LOG"], `"draft-swap-`) {
		digest, _ := line["policyDigest"].(string)
		Expect(digest).To(HavePrefix("sha256:"))
		message, _ := line["message"].(string)
		said := word.FindString(message)
		if said == "" {
			continue // of the mutating webhook, which denies nothing here
		}
		if words[digest] == nil {
			words[digest] = map[string]bool{}
		}
		words[digest][said] = true
		logged++
	}
	return words, logged
}

var _ = Describe("A set of policies", Ordered, Serial, func() {
	It("is swapped again and again under load, and every decision is by one of them", func(ctx SpecContext) {
		admin := home.as("admin")
		out, err := admin.kubectl(ctx, noDrafts, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		DeferCleanup(func(ctx SpecContext) {
			out, err := admin.kubectl(ctx, "", "delete", "policy", "acme.no-drafts")
			Expect(err).NotTo(HaveOccurred(), out)
		}, NodeTimeout(time.Minute))
		readyPolicy(ctx, admin, "acme.no-drafts")

		word := regexp.MustCompile(`word v[0-9]+\b|word one\b`)
		loading, stop := context.WithCancel(ctx)
		var (
			group  sync.WaitGroup
			mu     sync.Mutex
			said   = map[string]int{}
			failed []string
		)
		for _, who := range []struct{ name, namespace string }{{"alice", aliceNS}, {"bob", bobNS}, {"carol", "claude-runner-user-carol"}} {
			kube := home.as(who.name).kube
			group.Go(func() {
				defer GinkgoRecover()
				for n := 0; loading.Err() == nil; n++ {
					big := parse(draft(fmt.Sprintf("draft-swap-%d", n), 9))
					raw, err := big.MarshalJSON()
					Expect(err).NotTo(HaveOccurred())
					err = kube.CoreV1().RESTClient().Post().Namespace(who.namespace).Resource("configmaps").
						Param("dryRun", "All").SetHeader("Content-Type", "application/json").Body(raw).Do(ctx).Error()
					mu.Lock()
					if err == nil || !strings.Contains(err.Error(), "denied by acme/no-drafts") || !word.MatchString(err.Error()) {
						failed = append(failed, fmt.Sprintf("%s: %v", who.name, err))
					} else {
						said[word.FindString(err.Error())]++
					}
					mu.Unlock()
				}
			})
		}
		began := time.Now()
		for n := range swaps() {
			_, err := admin.dynamic.Resource(policies).Patch(ctx, "acme.no-drafts", types.MergePatchType,
				fmt.Appendf(nil, `{"spec":{"parameters":{"word":"v%d"}}}`, n), metav1.PatchOptions{})
			Expect(err).NotTo(HaveOccurred())
			// Changes that come while a set is compiled make one more set: each of these is
			// to be in force, so the next one waits for somebody to be told of it.
			Eventually(func() int { mu.Lock(); defer mu.Unlock(); return said[fmt.Sprintf("word v%d", n)] }).
				WithContext(ctx).WithTimeout(soon).WithPolling(20*time.Millisecond).Should(BeNumerically(">", 0), "version %d", n)
		}
		took := time.Since(began)
		readyPolicy(ctx, admin, "acme.no-drafts")
		stop()
		group.Wait()
		Expect(failed).To(BeEmpty())
		total := 0
		for _, n := range said {
			total += n
		}
		var words map[string]map[string]bool
		Eventually(func() (logged int) {
			words, logged = wordsByDigest(word)
			return logged
		}).WithContext(ctx).WithTimeout(soon).Should(Equal(total), "each denial has its line in the log")
		versions := map[string]string{}
		for digest, of := range words {
			Expect(of).To(HaveLen(1), "one digest, several verdicts: "+digest)
			for said := range of {
				Expect(versions).NotTo(HaveKey(said), "two digests for one version")
				versions[said] = digest
			}
		}
		report("%d changes of a Policy in %.1f s under load: %d decisions, all denied as they must be, %d versions seen in answers, each by one digest of %d in the log",
			swaps(), took.Seconds(), total, len(said), len(words))
		Expect(len(words)).To(BeNumerically(">=", swaps()))
	}, SpecTimeout(30*time.Minute))
})
