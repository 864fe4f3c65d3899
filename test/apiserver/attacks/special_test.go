package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// special are the attacks that no other shape says.
var special = map[string]func(context.Context, *fight, string){
	"debug":              debug,
	"balancer":           balancer,
	"ephemeral-claim":    ephemeralClaim,
	"device-status":      deviceStatus,
	"foreign-owner":      foreignOwner,
	"status-owner":       statusOwner,
	"status-label":       statusLabel,
	"resize":             resize,
	"resize-stranger":    resizeStranger,
	"claims-beyond":      claimsBeyond,
	"webhooks-gone":      webhooksGone,
	"webhooks-open":      webhooksOpen,
	"dying":              dying,
	"ledger":             ledger,
	"passport-planted":   passportPlanted,
	"passport-copied":    passportCopied,
	"passport-removed":   passportRemoved,
	"correlation-forged": correlationForged,
	"seal-asked":         sealAsked,
	"status-forged":      statusForged,
	"status-made":        statusMade,
	"sessions-sequence":  sessionsSequence,
	"session-starts":     sessionStarts,
	"sessions-parallel":  sessionsParallel,
	"sessions-dry":       sessionsDry,
}

// debug adds a container to a Pod that runs.
func debug(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	path := f.honest(ctx, as, named(f.bases["pod"], "x"))
	f.unchanged(ctx, path, func(live map[string]any) {
		container := map[string]any{"name": "debug", "image": "registry.k8s.io/pause",
			"securityContext": map[string]any{"allowPrivilegeEscalation": false, "capabilities": map[string]any{"drop": []any{"ALL"}}}}
		for _, at := range sorted(f.Set) {
			Expect(set(container, at, f.Set[at])).To(Succeed())
		}
		hostile := clone(live)
		Expect(set(hostile, "/spec/ephemeralContainers", []any{container})).To(Succeed())
		f.denied(ctx, as, f.By, f.choose(changing(path+"/ephemeralcontainers", live, hostile, nil), 2)...)
	})
}

// bySubresource lays an attack over an honest object's subresource.
func bySubresource(ctx context.Context, f *fight, as, base, sub string, attack map[string]any) {
	GinkgoHelper()
	path := f.honest(ctx, as, named(f.bases[base], "x"))
	f.unchanged(ctx, path, func(live map[string]any) {
		hostile := clone(live)
		for _, at := range sorted(attack) {
			Expect(set(hostile, at, attack[at])).To(Succeed())
		}
		f.denied(ctx, as, f.By, f.choose(changing(path+"/"+sub, live, hostile, nil), 2)...)
	})
}

func balancer(ctx context.Context, f *fight, as string) {
	bySubresource(ctx, f, as, "service", "status", map[string]any{"/status/loadBalancer": map[string]any{"ingress": []any{map[string]any{"ip": "203.0.113.7"}}}})
}

func deviceStatus(ctx context.Context, f *fight, as string) {
	bySubresource(ctx, f, as, "resourceclaim", "status", map[string]any{"/status": map[string]any{
		"allocation": map[string]any{"devices": map[string]any{"results": []any{map[string]any{"request": "r", "driver": "gpu.example.com", "pool": "p", "device": "gpu-0"}}}}}})
}

func statusOwner(ctx context.Context, f *fight, as string) {
	made := f.read(ctx, f.honest(ctx, as, named(f.bases["configmap"], "x")))
	bySubresource(ctx, f, as, "deployment", "status", map[string]any{"/metadata/ownerReferences": []any{map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "name": text(made, "metadata", "name"), "uid": text(made, "metadata", "uid")}}})
}

// foreignOwner names an object that is there, in another tenant's namespace.
func foreignOwner(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	deployment := named(f.bases["deployment"], "foreign-"+as)
	path := f.pathOf(deployment, prefix+"bob") + "/foreign-" + as
	said := f.send(ctx, "bob", attempt{method: http.MethodPost, path: f.pathOf(deployment, prefix+"bob"), body: deployment})
	Expect(said.ok()).To(BeTrue(), said.said)
	f.world.controls[path] = "bob"
	f.controls++
	hostile := named(f.bases["configmap"], "attack-"+f.ID())
	Expect(set(hostile, "/metadata/ownerReferences", []any{map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "foreign-" + as, "uid": text(said.object(), "metadata", "uid")}})).To(Succeed())
	f.denied(ctx, as, f.By, f.creating(hostile, homeNS)...)
	f.absent(ctx, f.pathOf(hostile, homeNS)+"/attack-"+f.ID())
}

// dying attacks by way of an object that a finalizer holds while it is being deleted.
func dying(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	service := named(f.bases["service"], "dying-"+as)
	Expect(set(service, "/metadata/finalizers", []any{"attack.example.com/keep"})).To(Succeed())
	collection := f.pathOf(service, homeNS)
	path := collection + "/dying-" + as
	said := f.send(ctx, as, attempt{method: http.MethodPost, path: collection, body: service})
	Expect(said.ok()).To(BeTrue(), said.said)
	said = f.send(ctx, as, attempt{method: http.MethodDelete, path: path})
	Expect(said.ok()).To(BeTrue(), said.said)
	f.unchanged(ctx, path, func(live map[string]any) {
		Expect(text(live, "metadata", "deletionTimestamp")).NotTo(BeEmpty())
		hostile := clone(live)
		Expect(set(hostile, "/spec/externalIPs", []any{"203.0.113.7"})).To(Succeed())
		f.denied(ctx, as, f.By, f.choose(changing(path, live, hostile, nil), 2)...)
	})
	said = f.send(ctx, as, attempt{method: http.MethodPatch, path: path, kind: "application/merge-patch+json", body: json.RawMessage(`{"metadata":{"finalizers":null}}`)})
	Expect(said.ok()).To(BeTrue(), "an honest one lets it go: %s", said.said)
	f.controls++
}

// ephemeralClaim lets the controller make a claim that alice could not.
func ephemeralClaim(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	pod := named(f.bases["pod-with-volume"], "ephemeral-"+as)
	volume := func(class any) map[string]any {
		return map[string]any{"name": "v", "ephemeral": map[string]any{"volumeClaimTemplate": map[string]any{"spec": map[string]any{
			"storageClassName": class, "accessModes": []any{"ReadWriteOnce"}, "resources": map[string]any{"requests": map[string]any{"storage": "1Mi"}}}}}}
	}
	claims := f.collection("v1", "PersistentVolumeClaim", homeNS)
	for class, name := range map[any]string{"fast-and-foreign": "ephemeral-" + as, nil: "ephemeral-honest-" + as} {
		pod = named(pod, name)
		Expect(set(pod, "/spec/volumes/0", volume(class))).To(Succeed())
		path := f.pathOf(pod, homeNS)
		said := f.send(ctx, as, attempt{method: http.MethodPost, path: path, body: pod})
		Expect(said.ok()).To(BeTrue(), said.said)
		f.world.controls[path+"/"+name] = as
	}
	f.tried++
	// The honest one's claim shows that the controller had its turn.
	Eventually(func() map[string]any { return f.read(ctx, claims+"/ephemeral-honest-"+as+"-v") }).WithContext(ctx).WithTimeout(soon).ShouldNot(BeNil())
	f.controls++
	Eventually(func() string {
		events := f.send(ctx, "admin", attempt{method: http.MethodGet, path: f.collection("v1", "Event", homeNS) + "?fieldSelector=involvedObject.name%3Dephemeral-" + as})
		return events.said
	}).WithContext(ctx).WithTimeout(soon).Should(ContainSubstring("denied by " + f.By + ": "))
	f.absent(ctx, claims+"/ephemeral-"+as+"-v")
	// The controller would go on trying, into other specs' time.
	for _, name := range []string{"ephemeral-" + as, "ephemeral-honest-" + as} {
		path := f.pathOf(pod, homeNS) + "/" + name
		said := f.send(ctx, "admin", attempt{method: http.MethodDelete, path: path, body: map[string]any{"gracePeriodSeconds": 0}})
		Expect(said.ok()).To(BeTrue(), said.said)
		Eventually(func() map[string]any { return f.read(ctx, path) }).WithContext(ctx).WithTimeout(soon).Should(BeNil())
	}
}

// ledger writes where use is counted.
func ledger(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	collection := "/apis/gatehouse.dev/v1alpha1/quotaledgers"
	body := map[string]any{"apiVersion": "gatehouse.dev/v1alpha1", "kind": "QuotaLedger", "metadata": map[string]any{"name": "attack"}, "spec": map[string]any{"domain": "organization/attack"}}
	post := attempt{name: "CREATE QuotaLedger", method: http.MethodPost, path: collection, body: body}
	f.denied(ctx, as, f.By, post, post.dry())
	f.absent(ctx, collection+"/attack")
	session := named(f.bases["session"], "for-the-ledger-"+as)
	path := f.pathOf(session, homeNS)
	said := f.send(ctx, as, attempt{method: http.MethodPost, path: path, body: session})
	Expect(said.ok()).To(BeTrue(), "an honest session, counted in the ledger: %s", said.said)
	f.controls++
	live := f.read(ctx, collection+"/organization-acme")
	Expect(live).NotTo(BeNil())
	uid := text(live, "metadata", "uid")
	change := json.RawMessage(`{"spec":{"sections":null}}`)
	f.denied(ctx, as, f.By,
		attempt{name: "merge patch QuotaLedger", method: http.MethodPatch, path: collection + "/organization-acme", kind: "application/merge-patch+json", body: change},
		attempt{name: "DELETE QuotaLedger", method: http.MethodDelete, path: collection + "/organization-acme"},
		attempt{name: "DELETECOLLECTION QuotaLedger", method: http.MethodDelete, path: collection + "?fieldSelector=metadata.name%3Dorganization-acme"})
	after := f.read(ctx, collection+"/organization-acme")
	Expect(text(after, "metadata", "uid")).To(Equal(uid))
	raw, err := json.Marshal(after["spec"])
	Expect(err).NotTo(HaveOccurred())
	Expect(strings.Contains(string(raw), `"alice"`)).To(BeTrue(), "alice's section is there: %s", raw)
	Expect(f.send(ctx, as, attempt{method: http.MethodDelete, path: fmt.Sprintf("%s/for-the-ledger-%s", path, as)}).ok()).To(BeTrue())
	f.stored = "unchanged"
}
