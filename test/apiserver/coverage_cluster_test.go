package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// unasked are kinds outside namespaces about which the API server asks no webhook, with the
// reason. A guard may hold them still.
var unasked = map[string]string{
	"admissionregistration.k8s.io": "the API server asks no webhook about webhook configurations and admission policies; gatehouse's own are held by a guard, or by files on the control plane",
	"authentication.k8s.io":        "asks a question and stores nothing; the condition not-a-review",
	"authorization.k8s.io":         "asks a question and stores nothing; the condition not-a-review",
}

// heldBy is who denied: a rule of ours, or a guard.
var heldBy = regexp.MustCompile(`denied by ([a-z-]+/[a-z-]+): |ValidatingAdmissionPolicy '(gatehouse-[a-z-]+)'`)

func (e endpoint) collection() string {
	if e.group == "" {
		return "/api/" + e.version + "/" + e.resource
	}
	return "/apis/" + e.group + "/" + e.version + "/" + e.resource
}

// callOutside sends the endpoint's write as a dry run: of an object that is there, or that
// would be made.
func (e endpoint) callOutside(ctx context.Context, u *user, there string, made map[string]any) (int, string) {
	GinkgoHelper()
	raw, err := json.Marshal(made)
	Expect(err).NotTo(HaveOccurred())
	path := e.collection()
	switch {
	case e.verb == "create" && e.sub == "":
		return request(ctx, u, http.MethodPost, dryRun(path, e), "application/json", string(raw))
	case e.verb == "deletecollection":
		return request(ctx, u, http.MethodDelete, dryRun(path+"?fieldSelector=metadata.name%3D"+there, e), "", "")
	}
	path += "/" + there
	if e.sub != "" {
		path += "/" + e.sub
	}
	switch e.verb {
	case "patch":
		return request(ctx, u, http.MethodPatch, dryRun(path, e), "application/merge-patch+json", e.patch())
	case "update":
		_, text := request(ctx, home.as("admin"), http.MethodGet, e.collection()+"/"+there, "", "")
		return request(ctx, u, http.MethodPut, dryRun(path, e), "application/json", merge(text, e.patch()))
	}
	method := map[string]string{"delete": http.MethodDelete, "get": http.MethodGet, "create": http.MethodPost}[e.verb]
	return request(ctx, u, method, dryRun(path, e), "application/json", "")
}

var _ = Describe("Every way to write outside namespaces that discovery lists", Ordered, func() {
	It("is the platform's: a tenant is denied, with every right that RBAC has", func(ctx SpecContext) {
		admin, alice := home.as("admin"), home.as("alice")
		openRBAC(ctx, admin)
		all := endpoints(admin, false)
		var holes []string
		counts, exempt := map[string]int{}, map[string]bool{}
		there, made := map[string]string{}, map[string]map[string]any{}
		for _, e := range all {
			key := e.kindKey() + e.version
			if there[key] != "" || unasked[e.group] != "" && e.group != "admissionregistration.k8s.io" {
				continue
			}
			made[key] = e.sample(ctx, admin)
			if made[key] == nil {
				holes = append(holes, e.kindKey()+": none is stored, and no object in the table of this test")
				continue
			}
			if first := e.first(ctx, admin); first != nil && nameOf(first) != nameOf(made[key]) && !strings.HasPrefix(nameOf(first), "system-") {
				there[key] = nameOf(first)
				continue
			}
			// One more, so that the next can be told from it.
			raw, err := json.Marshal(made[key])
			Expect(err).NotTo(HaveOccurred())
			code, said := request(ctx, admin, http.MethodPost, e.collection(), "application/json", string(raw))
			Expect(code).To(Or(Equal(http.StatusCreated), Equal(http.StatusConflict)), "%s: %s", e, said)
			there[key] = nameOf(made[key])
			path := e.collection() + "/" + there[key]
			DeferCleanup(func(ctx SpecContext) { request(ctx, admin, http.MethodDelete, path, "", "") })
			made[key] = another(made[key])
		}
		Expect(strings.Join(holes, "\n")).To(BeEmpty())

		for _, e := range all {
			key := e.kindKey() + e.version
			if there[key] == "" {
				exempt[e.group+": "+unasked[e.group]] = true
				continue
			}
			code, said := e.callOutside(ctx, alice, there[key], made[key])
			by := heldBy.FindStringSubmatch(said)
			switch {
			case code == http.StatusForbidden && by != nil:
				counts["denied by "+by[1]+by[2]]++
			case unasked[e.group] != "":
				exempt[e.String()+": "+unasked[e.group]] = true
			default:
				holes = append(holes, fmt.Sprintf("%s as a tenant: %d %.300s", e, code, said))
			}
			code, said = e.callOutside(ctx, admin, there[key], made[key])
			switch {
			case heldBy.MatchString(said):
				counts["denied to platform admins too"]++
				GinkgoWriter.Printf("%s as admin: %.300s\n", e, said)
			case code < 300:
				counts["allowed to platform admins"]++
			default:
				counts["refused to platform admins by the API server"]++
				GinkgoWriter.Printf("%s as admin: %d %.200s\n", e, code, said)
			}
		}
		for _, reason := range slices.Sorted(maps.Keys(exempt)) {
			report("exempt from coverage: %s", reason)
		}
		report("coverage outside namespaces: %d ways to write by discovery, %d holes; %v", len(all), len(holes), counts)
		Expect(strings.Join(holes, "\n")).To(BeEmpty())
		Expect(counts["allowed to platform admins"]).To(BeNumerically(">", len(all)*2/3))
		Expect(len(all)).To(BeNumerically(">", 150))
	}, SpecTimeout(5*time.Minute))
})
