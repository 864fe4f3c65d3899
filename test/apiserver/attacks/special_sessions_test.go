package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// limit is how many sessions alice has at once: more than her tier gives, so that the
// honest ones of other cases fit beside what a case makes.
const limit = 9

// hold keeps what runs from ending, which would give its place back.
func hold(ctx context.Context, f *fight) {
	GinkgoHelper()
	cordon := func(ctx context.Context, off bool) {
		for _, node := range []string{"node-0", "node-1"} {
			body := json.RawMessage(fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, off))
			said := f.send(ctx, "admin", attempt{method: http.MethodPatch, path: "/api/v1/nodes/" + node, kind: "application/merge-patch+json", body: body})
			Expect(said.ok()).To(BeTrue(), said.said)
		}
	}
	cordon(ctx, true)
	DeferCleanup(func(ctx SpecContext) {
		emptySessions(ctx, f)
		cordon(ctx, false)
	}, NodeTimeout(time.Minute))
	emptySessions(ctx, f)
}

// emptySessions removes every session of alice's and waits until none is counted.
func emptySessions(ctx context.Context, f *fight) {
	GinkgoHelper()
	sessions := f.collection("research.example.com/v1", "ResearchSession", homeNS)
	for path := range f.world.controls {
		if len(path) > len(sessions) && path[:len(sessions)] == sessions {
			delete(f.world.controls, path)
		}
	}
	Expect(f.send(ctx, "admin", attempt{method: http.MethodDelete, path: sessions}).ok()).To(BeTrue())
	Eventually(func() []string { return held(ctx, f) }).WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).Should(BeEmpty())
}

// held is what alice's section of the ledger has of sessions, settled or reserved. A Pod of
// theirs that the native quota refused after Gatehouse had reserved for it, as it does on a
// conflict with itself, is not among them: what was reserved stays until it expires.
func held(ctx context.Context, f *fight) []string {
	GinkgoHelper()
	ledger := f.read(ctx, "/apis/gatehouse.dev/v1alpha1/quotaledgers/organization-acme")
	spec, _ := ledger["spec"].(map[string]any)
	sections, _ := spec["sections"].([]any)
	var out []string
	for _, s := range sections {
		section, _ := s.(map[string]any)
		if section["tenant"] != "alice" {
			continue
		}
		entries, _ := section["entries"].([]any)
		for _, entry := range entries {
			if e, _ := entry.(map[string]any); e["groupResource"] == "researchsessions.research.example.com" {
				out = append(out, fmt.Sprintf("reserved: %v", e))
			}
		}
		settled, _ := section["settled"].([]any)
		for _, amount := range settled {
			if a, _ := amount.(map[string]any); a["dimension"] == "sessions" && fmt.Sprint(a["amount"]) != "0" {
				out = append(out, fmt.Sprintf("settled: %v", a))
			}
		}
	}
	return out
}

func stored(ctx context.Context, f *fight) int {
	GinkgoHelper()
	list := f.read(ctx, f.collection("research.example.com/v1", "ResearchSession", homeNS))
	items, _ := list["items"].([]any)
	return len(items)
}

func sessionsSequence(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	hold(ctx, f)
	for i := range limit {
		// Every second one as alice herself: one tenant under two names.
		by := as
		if i%2 == 1 {
			by = "alice"
		}
		said := f.send(ctx, by, f.creating(named(f.bases["session"], fmt.Sprintf("one-%d", i)), homeNS)[0])
		Expect(said.ok()).To(BeTrue(), said.said)
		f.controls++
	}
	session := named(f.bases["session"], "one-too-many")
	generated := attempt{name: "CREATE by generateName", method: http.MethodPost, path: f.pathOf(session, homeNS), body: clone(session)}
	body, _ := generated.body.(map[string]any)
	body["metadata"] = map[string]any{"generateName": "too-many-"}
	f.denied(ctx, as, f.By, append(f.creating(session, homeNS), generated)...)
	Expect(stored(ctx, f)).To(Equal(limit))
	f.stored = fmt.Sprintf("%d sessions", limit)
}

func sessionsParallel(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	hold(ctx, f)
	const clients = 3 * limit
	answers := make([]answer, clients)
	path := f.collection("research.example.com/v1", "ResearchSession", homeNS)
	f.config(as) // before the clients share it
	var all sync.WaitGroup
	for i := range clients {
		session := clone(f.bases["session"])
		session["metadata"] = map[string]any{"generateName": "at-once-"}
		all.Go(func() {
			defer GinkgoRecover()
			answers[i] = f.send(ctx, as, attempt{method: http.MethodPost, path: path, body: session})
		})
	}
	all.Wait()
	for _, a := range answers {
		f.tried++
		if a.ok() {
			f.controls++
			continue
		}
		Expect(refused(a, f.By)).To(Succeed())
	}
	Expect(f.controls).To(Equal(limit))
	Expect(stored(ctx, f)).To(Equal(limit))
	f.stored = fmt.Sprintf("%d sessions", limit)
}

func sessionsDry(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	emptySessions(ctx, f)
	for i := range 3 * limit {
		said := f.send(ctx, as, f.creating(named(f.bases["session"], fmt.Sprintf("tried-%d", i)), homeNS)[1])
		Expect(said.ok()).To(BeTrue(), said.said)
		f.tried++
		f.controls++
	}
	Expect(held(ctx, f)).To(BeEmpty())
	Expect(stored(ctx, f)).To(BeZero())
	f.stored = "nothing, and nothing counted"
}

// sessionStarts lets her start one, which she may, and delete it: what a day counts does
// not come back, and with the limit reached no other starts.
func sessionStarts(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	const tenant = "/apis/gatehouse.dev/v1alpha1/tenants/alice"
	limits := func(ctx context.Context, text string) {
		GinkgoHelper()
		body := json.RawMessage(`{"spec":{"limits":` + text + `}}`)
		said := f.send(ctx, "admin", attempt{method: http.MethodPatch, path: tenant, kind: "application/merge-patch+json", body: body})
		Expect(said.ok()).To(BeTrue(), said.said)
	}
	spec, _ := f.read(ctx, tenant)["spec"].(map[string]any)
	before, err := json.Marshal(spec["limits"])
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		limits(ctx, string(before))
		emptySessions(ctx, f)
	}, NodeTimeout(time.Minute))
	emptySessions(ctx, f)

	session := named(f.bases["session"], "of-the-day")
	said := f.send(ctx, as, f.creating(session, homeNS)[0])
	Expect(said.ok()).To(BeTrue(), said.said)
	f.controls++
	Expect(f.send(ctx, as, attempt{method: http.MethodDelete, path: f.pathOf(session, homeNS) + "/of-the-day"}).ok()).To(BeTrue())
	emptySessions(ctx, f)
	limits(ctx, fmt.Sprintf(`[{"dimension":"sessions","amount":%d},{"dimension":"session-starts","amount":1,"window":"day"}]`, limit))
	another := named(f.bases["session"], "one-too-many-of-the-day")
	dry := attempt{name: "CREATE", method: http.MethodPost, path: f.pathOf(another, homeNS) + "?dryRun=All", body: another}
	Eventually(func() error { return refused(f.send(ctx, as, dry), f.By) }).WithContext(ctx).WithTimeout(soon).Should(Succeed())
	f.denied(ctx, as, f.By, f.creating(another, homeNS)...)
	Expect(stored(ctx, f)).To(BeZero())
	f.stored = "no session"
}
