package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// actor is somebody honest in a namespace of her own.
type actor struct {
	as, tenant string
	// looks is false for the GitOps tool, which looks into nothing and gets no tokens.
	looks bool
}

func (a actor) namespace() string { return prefix + a.tenant }

var actors = []actor{
	{"alice", "alice", true}, {"account", "alice", true}, {"deployer", "alice", false},
	{"bob", "bob", true}, {"bob-account", "bob", true}, {"bob-deployer", "bob", false},
}

// day counts what honest people do, and what of it was refused.
type day struct {
	*world
	chores []Chore
	lock   sync.Mutex
	counts map[[2]string]int
	wrong  []string
}

// do sends one write, counts it by its kind and how it was sent, and takes a refusal down.
func (d *day) do(ctx context.Context, as, kind, how string, t attempt) answer {
	GinkgoHelper()
	said := d.again(ctx, as, t)
	d.lock.Lock()
	defer d.lock.Unlock()
	if strings.Contains(t.path, "dryRun=All") {
		how = "dry run"
	}
	d.counts[[2]string{kind, how}]++
	if !said.ok() {
		d.wrong = append(d.wrong, fmt.Sprintf("%s %s %s as %s: %d %.500s", how, t.method, t.path, as, said.code, strings.ReplaceAll(said.said, "\n", " | ")))
	}
	return said
}

// work does every chore once.
func (d *day) work(ctx context.Context, a actor, round int) {
	GinkgoHelper()
	for i, chore := range d.chores {
		object, err := chore.manifest(d.bases, fmt.Sprintf("day-%s-%d", a.as, round), a.namespace())
		Expect(err).NotTo(HaveOccurred())
		d.chore(ctx, a, chore, object, round+i)
	}
	if a.looks {
		token := attempt{method: http.MethodPost, path: d.collection("v1", "ServiceAccount", a.namespace()) + "/day/token",
			body: json.RawMessage(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}`)}
		d.do(ctx, a.as, "TokenRequest", "create", token)
	}
}

// chore makes an object, changes it in every way that there is, and removes it.
func (d *day) chore(ctx context.Context, a actor, c Chore, object map[string]any, seed int) {
	GinkgoHelper()
	kind, collection := text(object, "kind"), d.pathOf(object, a.namespace())
	path := collection + "/" + text(object, "metadata", "name")
	post := d.creating(object, a.namespace())[0]
	d.do(ctx, a.as, kind, "create", post.dry())
	if !d.do(ctx, a.as, kind, "create", post).ok() {
		return
	}
	for n := range 5 {
		live := d.read(ctx, path)
		Expect(live).NotTo(BeNil(), "%s is gone", path)
		target, err := c.changed(live, n)
		Expect(err).NotTo(HaveOccurred())
		applied, err := c.changed(object, n)
		Expect(err).NotTo(HaveOccurred())
		ways := changing(path, live, target, applied)
		if 2*n >= len(ways) {
			break // custom kinds know no strategic merge patch
		}
		way := ways[2*n]
		if (n+seed)%2 == 0 {
			d.do(ctx, a.as, kind, way.how(), way.dry())
		}
		d.do(ctx, a.as, kind, way.how(), way)
	}
	if c.Scale {
		d.scale(ctx, a, path)
	}
	remove := attempt{method: http.MethodDelete, path: path + "?propagationPolicy=Background"}
	if seed%2 == 0 {
		remove.path = collection + "?propagationPolicy=Background&fieldSelector=metadata.name%3D" + text(object, "metadata", "name")
		d.do(ctx, a.as, kind, "deletecollection", remove)
		return
	}
	d.do(ctx, a.as, kind, "delete", remove.dry())
	d.do(ctx, a.as, kind, "delete", remove)
}

// how is the attempt's name without its kind.
func (t attempt) how() string {
	for _, how := range []string{"PUT", "JSON patch", "merge patch", "strategic merge patch", "apply"} {
		if strings.HasPrefix(t.name, how) {
			return how
		}
	}
	return t.name
}

// scale goes up and down again by the subresource.
func (d *day) scale(ctx context.Context, a actor, path string) {
	GinkgoHelper()
	for _, replicas := range []int{2, 0} {
		body := json.RawMessage(fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas))
		d.do(ctx, a.as, "Scale", "merge patch", attempt{method: http.MethodPatch, path: path + "/scale", kind: "application/merge-patch+json", body: body})
	}
	live := d.read(ctx, path+"/scale")
	d.do(ctx, a.as, "Scale", "PUT", attempt{method: http.MethodPut, path: path + "/scale", body: live})
}
