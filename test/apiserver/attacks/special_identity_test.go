package attacks

import (
	"context"
	"encoding/json"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gatehouse.dev/gatehouse/pkg/passport"
)

const (
	passportPath    = "/metadata/annotations/gatehouse.dev~1passport"
	correlationPath = "/metadata/annotations/gatehouse.dev~1correlation-id"
)

func annotation(object map[string]any, name string) string {
	return text(object, "metadata", "annotations", "gatehouse.dev/"+name)
}

// sealedFor wants an object to carry a passport of alice's, as the gate writes it.
func sealedFor(object map[string]any) {
	GinkgoHelper()
	p, err := passport.Inspect(annotation(object, "passport"))
	Expect(err).NotTo(HaveOccurred())
	Expect(p.UserID).To(Equal("local:alice"))
}

// rewritten makes an object with what is forged on it, and changes an honest one to it;
// both pass, and what is stored is judged.
func rewritten(ctx context.Context, f *fight, as string, forged map[string]any, judge func(stored map[string]any)) {
	GinkgoHelper()
	made := named(f.bases["configmap"], "forged-"+f.ID()+"-"+as)
	for _, at := range sorted(forged) {
		Expect(set(made, at, forged[at])).To(Succeed())
	}
	post := f.creating(made, homeNS)[0]
	said := f.send(ctx, as, post)
	f.tried++
	Expect(said.ok()).To(BeTrue(), said.said)
	path := post.path + "/" + text(made, "metadata", "name")
	f.world.controls[path] = as
	judge(f.read(ctx, path))

	honest := f.honest(ctx, as, named(f.bases["configmap"], "x"))
	for _, t := range f.choose(forgeries(honest, f.read(ctx, honest), forged), 2) {
		before := f.read(ctx, honest)
		said := f.again(ctx, as, t)
		f.tried++
		Expect(said.ok()).To(BeTrue(), "%s: %d %s", t.name, said.code, said.said)
		after := f.read(ctx, honest)
		judge(after)
		Expect(annotation(after, "passport")).To(Equal(annotation(before, "passport")), t.name)
		Expect(annotation(after, "correlation-id")).To(Equal(annotation(before, "correlation-id")), t.name)
	}
	f.stored = "as the gate wrote it"
}

func forgeries(path string, live, forged map[string]any) []attempt {
	GinkgoHelper()
	hostile := clone(live)
	for _, at := range sorted(forged) {
		Expect(set(hostile, at, forged[at])).To(Succeed())
	}
	return changing(path, live, hostile, nil)
}

func passportPlanted(ctx context.Context, f *fight, as string) {
	wire := "v1.k.eyJ1c2VyX2lkIjoibG9jYWw6Ym9iIn0.AAAA"
	rewritten(ctx, f, as, map[string]any{passportPath: wire}, func(stored map[string]any) {
		Expect(annotation(stored, "passport")).NotTo(Equal(wire))
		sealedFor(stored)
	})
}

func passportCopied(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	lent := named(f.bases["configmap"], "lent-"+as)
	said := f.send(ctx, "bob", attempt{method: http.MethodPost, path: f.pathOf(lent, prefix+"bob"), body: lent})
	Expect(said.ok()).To(BeTrue(), said.said)
	f.world.controls[f.pathOf(lent, prefix+"bob")+"/lent-"+as] = "bob"
	wire := annotation(said.object(), "passport")
	Expect(wire).NotTo(BeEmpty())
	rewritten(ctx, f, as, map[string]any{passportPath: wire}, func(stored map[string]any) {
		Expect(annotation(stored, "passport")).NotTo(Equal(wire))
		sealedFor(stored)
	})
}

func passportRemoved(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	path := f.honest(ctx, as, named(f.bases["configmap"], "x"))
	live := f.read(ctx, path)
	hostile := clone(live)
	unset(hostile, "/metadata/annotations")
	for _, t := range f.choose(changing(path, live, hostile, nil), 3) {
		said := f.again(ctx, as, t)
		f.tried++
		Expect(said.ok()).To(BeTrue(), "%s: %s", t.name, said.said)
		Expect(annotation(f.read(ctx, path), "passport")).To(Equal(annotation(live, "passport")), t.name)
	}
	f.stored = "as the gate wrote it"
}

func correlationForged(ctx context.Context, f *fight, as string) {
	rewritten(ctx, f, as, map[string]any{correlationPath: "somebody-elses"}, func(stored map[string]any) {
		Expect(annotation(stored, "correlation-id")).NotTo(Or(BeEmpty(), Equal("somebody-elses")))
	})
}

func sealAsked(ctx context.Context, f *fight, as string) {
	rewritten(ctx, f, as, map[string]any{"/metadata/annotations/gatehouse.dev~1seal": "tenant"}, func(stored map[string]any) {
		Expect(annotation(stored, "seal")).To(BeEmpty())
		sealedFor(stored)
	})
}

// statusForged writes the status of a session by its object, as old writers do.
func statusForged(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	path := f.honest(ctx, as, named(f.bases["session"], "x"))
	live := f.read(ctx, path)
	for _, t := range f.choose(forgeries(path, live, map[string]any{"/status": map[string]any{"phase": "Completed", "finalOutput": "forged", "jobName": "forged"}}), 2) {
		said := f.again(ctx, as, t)
		f.tried++
		Expect(said.ok()).To(BeTrue(), "%s: %s", t.name, said.said)
		stored := f.read(ctx, path)
		// It may be done by now, and not by her word.
		Expect(text(stored, "status", "finalOutput")).To(BeEmpty(), t.name)
		Expect(text(stored, "status", "jobName")).NotTo(Equal("forged"), t.name)
	}
	f.forget(ctx, path)
	f.stored = "as the gate wrote it"
}

func statusMade(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	session := named(f.bases["session"], "status-"+as)
	Expect(set(session, "/status", map[string]any{"phase": "Completed", "finalOutput": "forged", "cost": 0})).To(Succeed())
	post := f.creating(session, homeNS)[0]
	said := f.send(ctx, as, post)
	f.tried++
	Expect(said.ok()).To(BeTrue(), said.said)
	f.controls++
	stored := f.read(ctx, post.path+"/status-"+as)
	raw, err := json.Marshal(stored["status"])
	Expect(err).NotTo(HaveOccurred())
	Expect(string(raw)).NotTo(ContainSubstring("forged"))
	f.forget(ctx, post.path+"/status-"+as)
	f.stored = "as the gate wrote it"
}

// forget deletes an object now, so that it takes no place of a quota.
func (w *world) forget(ctx context.Context, path string) {
	GinkgoHelper()
	said := w.send(ctx, "admin", attempt{method: http.MethodDelete, path: path})
	Expect(said.ok()).To(BeTrue(), said.said)
	delete(w.controls, path)
}
