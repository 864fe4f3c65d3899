package attacks

import (
	"encoding/json"
	"maps"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

const applyType = "application/apply-patch+yaml"

func (w *world) pathOf(object map[string]any, namespace string) string {
	GinkgoHelper()
	return w.collection(text(object, "apiVersion"), text(object, "kind"), namespace)
}

// creating are the ways to make an object that is not there.
func (w *world) creating(object map[string]any, namespace string) []attempt {
	GinkgoHelper()
	path, kind := w.pathOf(object, namespace), text(object, "kind")
	post := attempt{name: "CREATE " + kind, method: "POST", path: path, body: object}
	apply := attempt{name: "apply " + kind, method: "PATCH", path: path + "/" + text(object, "metadata", "name") + "?fieldManager=attack&force=true", kind: applyType, body: object}
	return []attempt{post, post.dry(), apply, apply.dry()}
}

// changing are the ways to turn a stored object into another. applied is what server-side
// apply sends, without what the server filled in.
func changing(path string, live, hostile, applied map[string]any) []attempt {
	GinkgoHelper()
	kind := text(live, "kind")
	ways := []attempt{
		{name: "PUT " + kind, method: "PUT", path: path, body: hostile},
		{name: "JSON patch " + kind, method: "PATCH", path: path, kind: "application/json-patch+json", body: difference(live, hostile)},
		{name: "merge patch " + kind, method: "PATCH", path: path, kind: "application/merge-patch+json", body: merged(live, hostile)},
	}
	if patch := strategic(live, hostile); patch != nil {
		ways = append(ways, attempt{name: "strategic merge patch " + kind, method: "PATCH", path: path, kind: "application/strategic-merge-patch+json", body: patch})
	}
	if applied != nil {
		ways = append(ways, attempt{name: "apply over " + kind, method: "PATCH", path: path + "?fieldManager=attack&force=true", kind: applyType, body: applied})
	}
	if strings.HasSuffix(path, "/finalize") {
		ways = ways[:1] // there is no patch of it
	}
	out := make([]attempt, 0, 2*len(ways))
	for _, way := range ways {
		out = append(out, way, way.dry())
	}
	return out
}

// difference is a JSON patch that puts whole fields in the place of others.
func difference(live, hostile map[string]any) []map[string]any {
	var patch []map[string]any
	level := func(at string, from, to map[string]any) {
		for _, key := range sorted(from) {
			if _, ok := to[key]; !ok {
				patch = append(patch, map[string]any{"op": "remove", "path": at + key})
			}
		}
		for _, key := range sorted(to) {
			if !same(from[key], to[key]) && (at != "/" || key != "metadata") {
				patch = append(patch, map[string]any{"op": "add", "path": at + key, "value": to[key]})
			}
		}
	}
	level("/", live, hostile)
	from, _ := live["metadata"].(map[string]any)
	to, _ := hostile["metadata"].(map[string]any)
	level("/metadata/", from, to)
	return patch
}

func same(a, b any) bool {
	x, err := json.Marshal(a)
	y, other := json.Marshal(b)
	return err == nil && other == nil && string(x) == string(y)
}

func merged(live, hostile map[string]any) json.RawMessage {
	GinkgoHelper()
	from, err := json.Marshal(live)
	Expect(err).NotTo(HaveOccurred())
	to, err := json.Marshal(hostile)
	Expect(err).NotTo(HaveOccurred())
	patch, err := jsonpatch.CreateMergePatch(from, to)
	Expect(err).NotTo(HaveOccurred())
	return patch
}

// strategic is nil for kinds that know no such patch.
func strategic(live, hostile map[string]any) json.RawMessage {
	GinkgoHelper()
	gv, err := schema.ParseGroupVersion(text(live, "apiVersion"))
	Expect(err).NotTo(HaveOccurred())
	typed, err := scheme.Scheme.New(gv.WithKind(text(live, "kind")))
	if err != nil {
		return nil
	}
	from, err := json.Marshal(live)
	Expect(err).NotTo(HaveOccurred())
	to, err := json.Marshal(hostile)
	Expect(err).NotTo(HaveOccurred())
	patch, err := strategicpatch.CreateTwoWayMergePatch(from, to, typed)
	Expect(err).NotTo(HaveOccurred())
	return patch
}

// bare is an object without what the server keeps about it.
func bare(object map[string]any) map[string]any {
	out := clone(object)
	delete(out, "status")
	if metadata, ok := out["metadata"].(map[string]any); ok {
		for _, key := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"} {
			delete(metadata, key)
		}
		if annotations, ok := metadata["annotations"].(map[string]any); ok {
			kept := maps.Clone(annotations)
			// The Deployment controller's own.
			delete(kept, "deployment.kubernetes.io/revision")
			metadata["annotations"] = kept
			if len(kept) == 0 {
				delete(metadata, "annotations")
			}
		}
	}
	return out
}
