package attacks

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// much is more than any tier gives.
var much = map[string]any{"/spec/containers/0/resources": map[string]any{
	"requests": map[string]any{"cpu": "5000", "memory": "16Mi"}, "limits": map[string]any{"cpu": "5000", "memory": "32Mi"}}}

// resize changes what a Pod of hers has, in place.
func resize(ctx context.Context, f *fight, as string) {
	bySubresource(ctx, f, as, "pod", "resize", much)
}

// resizeStranger changes what a Pod of alice's has.
func resizeStranger(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	path := f.honest(ctx, "alice", named(f.bases["pod"], "x"))
	f.unchanged(ctx, path, func(live map[string]any) {
		hostile := clone(live)
		for _, at := range sorted(much) {
			Expect(set(hostile, at, much[at])).To(Succeed())
		}
		f.denied(ctx, as, f.By, f.choose(changing(path+"/resize", live, hostile, nil), 2)...)
	})
}

func statusLabel(ctx context.Context, f *fight, as string) {
	bySubresource(ctx, f, as, "service", "status", map[string]any{"/metadata/labels/gatehouse.dev~1tenant": "bob"})
}

// claimsBeyond makes claims until the namespace holds no more.
func claimsBeyond(ctx context.Context, f *fight, as string) {
	GinkgoHelper()
	claims := f.collection("v1", "PersistentVolumeClaim", homeNS)
	mine := claims + "?labelSelector=beyond%3D" + as
	claim := clone(f.bases["claim"])
	Expect(set(claim, "/metadata/labels/beyond", as)).To(Succeed())
	// Whatever comes of it: full of claims, the namespace has room for nobody else's case.
	DeferCleanup(func(ctx SpecContext) {
		Expect(f.send(ctx, "admin", attempt{method: http.MethodDelete, path: mine}).ok()).To(BeTrue())
		Eventually(func() any { return f.read(ctx, mine)["items"] }).WithContext(ctx).WithTimeout(soon).Should(BeEmpty())
	}, NodeTimeout(time.Minute))
	made, full := 0, false
	for n := 0; n < 21 && !full; n++ {
		t := attempt{name: "CREATE", method: http.MethodPost, path: claims, body: named(claim, fmt.Sprintf("beyond-%s-%d", as, n))}
		said := f.send(ctx, as, t)
		if full = !said.ok(); full {
			f.tried++
			Expect(refused(said, f.By)).To(Succeed())
			continue
		}
		made++
	}
	list, _ := f.read(ctx, mine)["items"].([]any)
	Expect(len(list)).To(And(Equal(made), BeNumerically("<=", 20)))
	f.stored = fmt.Sprintf("%d claims", len(list))
	f.controls += made
}
