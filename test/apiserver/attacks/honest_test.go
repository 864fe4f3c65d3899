package attacks

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func named(object map[string]any, name string) map[string]any {
	GinkgoHelper()
	Expect(object).NotTo(BeNil())
	out := clone(object)
	Expect(set(out, "/metadata/name", name)).To(Succeed())
	return out
}

// honest makes the honest variant of an object by who may, once, and gives its path. An
// admin shows by a dry run of the attack that it is well formed, and makes the honest one
// where it is to be changed.
func (f *fight) honest(ctx context.Context, as string, object map[string]any) string {
	GinkgoHelper()
	if f.Control.As != "" {
		as = f.Control.As
	}
	where := prefix + f.In
	if as == "admin" {
		hostile := f.turn(object, f.bases[f.Object])
		t := f.creating(hostile, where)[1]
		said := f.send(ctx, as, t)
		Expect(said.ok()).To(BeTrue(), "%s as admin: %d %s", t.name, said.code, said.said)
		f.controls++
		if !f.takes("update") {
			return ""
		}
	}
	if f.Object == "" && f.In == "alice" && as == "bob" {
		where = prefix + "bob"
	}
	for pointer, value := range f.Control.Set {
		Expect(set(object, pointer, value)).To(Succeed())
	}
	name := fmt.Sprintf("honest-%s-%08x", as, digest(named(object, "x")))
	path := f.pathOf(object, where) + "/" + name
	f.controls++
	if f.world.controls[path] != "" {
		return path
	}
	t := f.creating(named(object, name), where)[0]
	said := f.send(ctx, as, t)
	Expect(said.ok()).To(BeTrue(), "honest %s as %s: %d %s", t.name, as, said.code, said.said)
	f.world.controls[path] = as
	return path
}

func digest(object map[string]any) uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, object)
	return h.Sum32()
}

// read gives what is stored, nil for nothing.
func (w *world) read(ctx context.Context, path string) map[string]any {
	GinkgoHelper()
	said := w.send(ctx, "admin", attempt{method: http.MethodGet, path: path})
	if said.code == http.StatusNotFound {
		return nil
	}
	Expect(said.ok()).To(BeTrue(), "read %s: %d %s", path, said.code, said.said)
	return said.object()
}

func (f *fight) absent(ctx context.Context, path string) {
	GinkgoHelper()
	Expect(f.read(ctx, path)).To(BeNil(), "%s is stored", path)
	f.stored = "absent"
}

// unchanged does something to a stored object and wants it as it was: the same version,
// or the same object but for its status, which controllers write.
func (f *fight) unchanged(ctx context.Context, path string, do func(live map[string]any)) {
	GinkgoHelper()
	before := f.read(ctx, path)
	Expect(before).NotTo(BeNil(), "%s is not there", path)
	do(before)
	after := f.read(ctx, path)
	Expect(after).NotTo(BeNil(), "%s is gone", path)
	f.stored = "unchanged"
	if text(before, "metadata", "resourceVersion") == text(after, "metadata", "resourceVersion") {
		return
	}
	Expect(text(after, "metadata", "uid")).To(Equal(text(before, "metadata", "uid")))
	Expect(bare(after)).To(Equal(bare(before)), path)
}

// clear removes the honest objects.
func (w *world) clear(ctx context.Context) {
	GinkgoHelper()
	for path := range w.controls {
		said := w.send(ctx, "admin", attempt{method: http.MethodDelete, path: path, body: map[string]any{"propagationPolicy": "Background", "gracePeriodSeconds": 0}})
		Expect(said.ok() || said.code == http.StatusNotFound).To(BeTrue(), "remove %s: %s", path, said.said)
	}
}
