package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gatehouse.dev/gatehouse/test/conformance"
)

// overStored puts an odd object in the place of an honest one that is stored. What may not
// be made may not come to be in this way either; what may be is often immutable, which the
// API server says. A merge patch makes another object, since null removes in it: it must not
// break anything.
func (w *world) overStored(ctx context.Context, odd conformance.Odd, refused bool, counts map[string]int) (tried int, wrong []string) {
	GinkgoHelper()
	base := w.baseOf(odd)
	if base == nil {
		return 0, nil
	}
	path := w.pathOf(base, homeNS) + "/" + oddLive
	authors := []string{"alice", "account"}
	if !every {
		authors = authors[:1]
	}
	for _, as := range authors {
		for _, way := range w.over(ctx, odd, base, path) {
			tried++
			said := w.send(ctx, as, way)
			switch {
			case said.ok():
				counts["stored"]++
				if refused && !strings.HasPrefix(way.name, "merge") {
					wrong = append(wrong, fmt.Sprintf("%s, %s as %s: stored, and refused when it is made", odd.Name, way.name, as))
				}
				if !strings.Contains(way.path, "dryRun") {
					w.gone(ctx, path)
					w.live(ctx, base, path)
				}
			case strings.Contains(said.said, "denied by "):
				counts["denied"]++
			case strings.Contains(said.said, "policy evaluation timed out"):
				counts["refused"]++
			case said.code >= http.StatusInternalServerError:
				wrong = append(wrong, fmt.Sprintf("%s, %s as %s: %d %.200s", odd.Name, way.name, as, said.code, said.said))
			default:
				counts["refused"]++
			}
		}
	}
	return tried, wrong
}

// oddLive is the name of what is stored.
const oddLive = "odd-live"

// baseOf is an honest object of an odd one's kind, nil where there is none or where what is
// odd is the name, which a stored object keeps.
func (w *world) baseOf(odd conformance.Odd) map[string]any {
	GinkgoHelper()
	// No host is hers without a domain of the platform's, so no honest Ingress either.
	if odd.Kind == "Ingress" || !strings.Contains(odd.Text, `"metadata":{"name":"odd"`) {
		return nil
	}
	for _, name := range sorted(w.bases) {
		if base := w.bases[name]; text(base, "kind") == odd.Kind && text(base, "apiVersion") == odd.APIVersion {
			return named(base, oddLive)
		}
	}
	return nil
}

// over are the ways to replace what is stored, each dry too.
func (w *world) over(ctx context.Context, odd conformance.Odd, base map[string]any, path string) []attempt {
	GinkgoHelper()
	raw := strings.Replace(odd.Text, `"name":"odd"`, `"name":"`+oddLive+`"`, 1)
	ways := []attempt{{name: "PUT", method: http.MethodPut, path: path, body: json.RawMessage(raw)}}
	var hostile map[string]any
	if json.Unmarshal([]byte(raw), &hostile) == nil {
		stored := bare(w.live(ctx, base, path))
		delete(stored["metadata"].(map[string]any), "namespace")
		ways = append(ways, attempt{name: "JSON patch", method: http.MethodPatch, path: path, kind: "application/json-patch+json", body: difference(stored, hostile)},
			attempt{name: "merge patch", method: http.MethodPatch, path: path, kind: "application/merge-patch+json", body: json.RawMessage(raw)})
	}
	out := make([]attempt, 0, 2*len(ways))
	for _, way := range ways {
		if every {
			out = append(out, way.dry())
		}
		out = append(out, way)
	}
	return out
}

// live is the honest object as it is stored; it is made where it is not there.
func (w *world) live(ctx context.Context, base map[string]any, path string) map[string]any {
	GinkgoHelper()
	if stored := w.read(ctx, path); stored != nil {
		return stored
	}
	made := w.send(ctx, "alice", attempt{method: http.MethodPost, path: w.pathOf(base, homeNS), body: base})
	Expect(made.ok()).To(BeTrue(), made.said)
	DeferCleanup(func(ctx SpecContext) { w.send(ctx, "admin", attempt{method: http.MethodDelete, path: path}) })
	return made.object()
}

// gone removes it, and waits until it is.
func (w *world) gone(ctx context.Context, path string) {
	GinkgoHelper()
	said := w.send(ctx, "admin", attempt{method: http.MethodDelete, path: path, body: map[string]any{"gracePeriodSeconds": 0}})
	Expect(said.ok()).To(BeTrue(), "remove %s: %s", path, said.said)
	Eventually(func() any { return w.read(ctx, path) }).WithContext(ctx).WithTimeout(soon).Should(BeNil())
}
