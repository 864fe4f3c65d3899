package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gatehouse.dev/gatehouse/test/conformance"
)

// What nobody honest writes is judged or refused, by whichever route, and the webhook that
// judged it is the one that was there before.
var _ = Describe("Bad input:", func() {
	It("is judged or refused alike by every route, and never a crash", func(ctx SpecContext) {
		pid := here.pid("webhook-0")
		began := time.Now()
		counts, sent, over := map[string]int{}, 0, 0
		var wrong []string
		odds := conformance.Odds()
		for i, odd := range odds {
			if !every && i%8 != 0 && !strings.Contains(odd.Name, ",000 ") && !strings.Contains(odd.Name, "MiB") {
				continue
			}
			verdicts := map[string]string{}
			for _, way := range here.odd(odd) {
				for _, as := range []string{"alice", "account"} {
					sent++
					said := here.send(ctx, as, way)
					verdict := "refused"
					switch {
					case said.ok():
						verdict = "stored"
						here.drop(ctx, way, said)
					case strings.Contains(said.said, "denied by "):
						verdict = "denied"
					case strings.HasPrefix(said.said, "failed to create typed patch object"), strings.Contains(said.said, "policy evaluation timed out"):
						// How the API server refuses to apply what is of no shape, and we what takes a
						// busy machine too long: both with 500.
					case said.code >= http.StatusInternalServerError:
						wrong = append(wrong, fmt.Sprintf("%s, %s as %s: %d %.200s", odd.Name, way.name, as, said.code, said.said))
					}
					counts[verdict]++
					if verdict == "denied" {
						// The API server refuses some before we are asked, by one route earlier than by another.
						verdict = "refused"
					}
					verdicts[verdict] += " " + way.name
				}
			}
			if len(verdicts) != 1 {
				wrong = append(wrong, fmt.Sprintf("%s: %v", odd.Name, verdicts))
			}
			tried, faults := here.overStored(ctx, odd, verdicts["stored"] == "", counts)
			over += tried
			wrong = append(wrong, faults...)
			if odd.Denied != "" && verdicts["stored"] != "" {
				wrong = append(wrong, fmt.Sprintf("%s is stored, want a denial by %s", odd.Name, odd.Denied))
			}
		}
		fmt.Printf("\nbad input: %d of %d objects, %d requests that make them and %d that put them in the place of others: %v, %.0f s\n", sent/(2*4), len(odds), sent, over, counts, time.Since(began).Seconds())
		Expect(strings.Join(wrong, "\n")).To(BeEmpty())
		Expect(counts["denied"]).To(BeNumerically(">", 50))
		Expect(here.pid("webhook-0")).To(Equal(pid), "the webhook died")
		f := &fight{world: here, Case: Case{In: "alice"}}
		f.honest(ctx, "alice", named(here.bases["configmap"], "x"))
	}, SpecTimeout(10*time.Minute))
})

// odd are the ways to send an odd object: as it is and by server-side apply, each dry too.
func (w *world) odd(odd conformance.Odd) []attempt {
	GinkgoHelper()
	path := w.collection(odd.APIVersion, odd.Kind, homeNS)
	post := attempt{name: "CREATE", method: http.MethodPost, path: path, body: json.RawMessage(odd.Text)}
	apply := attempt{name: "apply", method: http.MethodPatch, path: path + "/odd?fieldManager=attack&force=true", kind: applyType, body: json.RawMessage(odd.Text)}
	return []attempt{post, post.dry(), apply, apply.dry()}
}

// drop removes what was stored.
func (w *world) drop(ctx context.Context, way attempt, said answer) {
	GinkgoHelper()
	if strings.Contains(way.path, "dryRun") {
		return
	}
	path, _, _ := strings.Cut(way.path, "?")
	if way.method == http.MethodPost {
		path += "/" + text(said.object(), "metadata", "name")
	}
	gone := w.send(ctx, "admin", attempt{method: http.MethodDelete, path: path, body: map[string]any{"gracePeriodSeconds": 0}})
	Expect(gone.ok()).To(BeTrue(), "remove %s: %s", path, gone.said)
	Eventually(func() any { return w.read(ctx, path) }).WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).Should(BeNil())
}

// pid is the number of a process of the cluster's.
func (w *world) pid(name string) string {
	GinkgoHelper()
	raw, err := os.ReadFile(filepath.Join(w.state, "pids", name+".pid"))
	Expect(err).NotTo(HaveOccurred())
	pid := strings.TrimSpace(string(raw))
	Expect(filepath.Join("/proc", pid)).To(BeADirectory(), "%s is not running", name)
	return pid
}
