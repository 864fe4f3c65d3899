package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// endpoint is one way to write that discovery lists: a resource or subresource of a
// served version, and a verb.
type endpoint struct {
	group, version, resource, sub, verb string
}

func (e endpoint) name() string {
	name := e.resource
	if e.sub != "" {
		name += "/" + e.sub
	}
	return name
}

func (e endpoint) kindKey() string {
	return schema.GroupResource{Group: e.group, Resource: e.resource}.String()
}

// object is the name of the object that is written to, there before the test begins.
func (e endpoint) object() string {
	if e.resource == "usages" {
		return "current" // a namespace has one, and the provisioner made it
	}
	return "cov"
}

func (e endpoint) String() string {
	return fmt.Sprintf("%s %s %s", schema.GroupVersion{Group: e.group, Version: e.version}, e.name(), e.verb)
}

// beyond are resources that never reach a webhook, with the reason.
var beyond = map[string]string{
	"localsubjectaccessreviews.authorization.k8s.io": "asks a question and stores nothing; access reviews reach no webhook",
	"podcertificaterequests.certificates.k8s.io":     "wants a kubelet's proof of possession before any webhook may allow it; covered by the same wildcard rule",
}

// writing are the verbs of discovery that write; connecting ones are asked for by their
// subresource.
var writing = []string{"create", "update", "patch", "delete", "deletecollection"}

var connecting = []string{"exec", "attach", "portforward", "proxy"}

// endpoints asks discovery for everything that can be written, in a namespace or outside all.
func endpoints(admin *user, namespaced bool) []endpoint {
	GinkgoHelper()
	d, err := discovery.NewDiscoveryClientForConfig(admin.config)
	Expect(err).NotTo(HaveOccurred())
	_, lists, err := d.ServerGroupsAndResources()
	Expect(err).NotTo(HaveOccurred())
	var all []endpoint
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		Expect(err).NotTo(HaveOccurred())
		for _, r := range list.APIResources {
			if r.Namespaced != namespaced {
				continue
			}
			resource, sub, _ := strings.Cut(r.Name, "/")
			for _, verb := range r.Verbs {
				if slices.Contains(writing, verb) || (verb == "get" && slices.Contains(connecting, sub)) {
					all = append(all, endpoint{gv.Group, gv.Version, resource, sub, verb})
				}
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	return all
}

// call sends the endpoint's write for the object cov and gives what came back.
func (e endpoint) call(ctx context.Context, u *user, namespace string) (code int, message string) {
	GinkgoHelper()
	base := "/api/v1"
	if e.group != "" {
		base = "/apis/" + e.group + "/" + e.version
	}
	path := base + "/namespaces/" + namespace + "/" + e.resource
	method, contentType, body := http.MethodPost, "application/json", ""
	switch {
	case slices.Contains(connecting, e.sub):
		method = map[string]string{"create": http.MethodPost, "get": http.MethodGet, "update": http.MethodPut, "patch": http.MethodPatch, "delete": http.MethodDelete}[e.verb]
		path += "/" + e.object() + "/" + e.sub + "?command=true&stdout=true&ports=80"
	case e.verb == "create" && e.sub != "":
		path += "/" + e.object() + "/" + e.sub
		body = coverageBodies[e.name()]
	case e.verb == "create":
		body = coverageBodies[e.name()]
		if body == "" {
			body = e.manifest(strings.ReplaceAll(e.object(), "cov", "cov-new"))
		}
	case e.verb == "deletecollection":
		method = http.MethodDelete
		if e.object() == "cov" {
			path += "?labelSelector=cov%3Dcov"
		}
	default:
		path += "/" + e.object()
		if e.sub != "" {
			path += "/" + e.sub
		}
		switch e.verb {
		case "delete":
			method = http.MethodDelete
		case "patch":
			method, contentType, body = http.MethodPatch, "application/merge-patch+json", e.patch()
		case "update":
			// What is there, with the patch's change: a PUT of what GET returned.
			_, text := request(ctx, home.as("admin"), http.MethodGet, path, "", "")
			method, body = http.MethodPut, merge(text, e.patch())
		}
	}
	if e.verb != "update" || e.sub != "proxy" {
		path = dryRun(path, e)
	}
	return request(ctx, u, method, path, contentType, body)
}

// dryRun keeps what is allowed from piling up; connections know no dry run.
func dryRun(path string, e endpoint) string {
	if slices.Contains(connecting, e.sub) {
		return path
	}
	if strings.Contains(path, "?") {
		return path + "&dryRun=All"
	}
	return path + "?dryRun=All"
}

func (e endpoint) patch() string {
	if e.sub == "scale" {
		return `{"spec":{"replicas":1}}`
	}
	return `{"metadata":{"labels":{"changed":"yes"}}}`
}

// manifest is the sample object of the endpoint's version.
func (e endpoint) manifest(name string) string {
	GinkgoHelper()
	object := map[string]any{}
	Expect(yaml.Unmarshal([]byte(coverageObjects[e.kindKey()]), &object)).To(Succeed(), e.kindKey())
	object["apiVersion"] = schema.GroupVersion{Group: e.group, Version: e.version}.String()
	object["metadata"] = map[string]any{"name": name, "labels": map[string]any{"cov": "cov"}}
	raw, err := json.Marshal(object)
	Expect(err).NotTo(HaveOccurred())
	return string(raw)
}

func merge(object, patch string) string {
	GinkgoHelper()
	var into, from map[string]any
	Expect(json.Unmarshal([]byte(object), &into)).To(Succeed(), object)
	Expect(json.Unmarshal([]byte(patch), &from)).To(Succeed())
	var lay func(a, b map[string]any)
	lay = func(a, b map[string]any) {
		for key, value := range b {
			if below, ok := value.(map[string]any); ok {
				inner, _ := a[key].(map[string]any)
				if inner == nil {
					inner = map[string]any{}
				}
				lay(inner, below)
				a[key] = inner
				continue
			}
			a[key] = value
		}
	}
	lay(into, from)
	raw, err := json.Marshal(into)
	Expect(err).NotTo(HaveOccurred())
	return string(raw)
}

// request is one plain HTTP request as a user; a refusal's text is what kubectl would show.
func request(ctx context.Context, u *user, method, path, contentType, body string) (int, string) {
	GinkgoHelper()
	client, err := rest.HTTPClientFor(u.config)
	Expect(err).NotTo(HaveOccurred())
	r, err := http.NewRequestWithContext(ctx, method, u.config.Host+path, strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := client.Do(r)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	var status metav1.Status
	if json.Unmarshal(raw, &status) == nil && status.Kind == "Status" && status.Message != "" {
		return response.StatusCode, status.Message
	}
	return response.StatusCode, string(raw)
}

// ruleOf is the rule that denied, or "".
var ruleOf = regexp.MustCompile(`denied by ([a-z-]+/[a-z-]+): `)

var _ = Describe("Every way to write that discovery lists", Ordered, func() {
	It("reaches Gatehouse: a stranger is denied, with every right that RBAC has", func(ctx SpecContext) {
		admin, alice, bob := home.as("admin"), home.as("alice"), home.as("bob")
		openRBAC(ctx, admin)
		define(ctx, admin)
		all := endpoints(admin, true)
		var holes, rows []string
		kinds := map[string]bool{}
		for _, e := range all {
			if e.object() != "cov" || kinds[e.kindKey()+e.version] || beyond[e.kindKey()] != "" || e.sub != "" || e.name() == "bindings" {
				continue
			}
			kinds[e.kindKey()+e.version] = true
			if coverageObjects[e.kindKey()] == "" {
				holes = append(holes, e.kindKey()+": served, and no object in the table of this test")
				continue
			}
			path := "/apis/" + e.group + "/" + e.version
			if e.group == "" {
				path = "/api/" + e.version
			}
			path += "/namespaces/" + aliceNS + "/" + e.resource
			code, said := request(ctx, admin, http.MethodPost, path, "application/json", e.manifest("cov"))
			Expect(code).To(Or(Equal(http.StatusCreated), Equal(http.StatusConflict)), "%s: %s", path, said)
			DeferCleanup(func(ctx SpecContext) {
				request(ctx, admin, http.MethodDelete, path+"/cov", "application/json", `{"propagationPolicy":"Background"}`)
			})
		}
		Expect(holes).To(BeEmpty())

		counts := map[string]int{}
		for _, e := range all {
			if reason := beyond[e.kindKey()]; reason != "" {
				counts["beyond"]++
				report("exempt from coverage: %s: %s", e, reason)
				continue
			}
			code, said := e.call(ctx, bob, aliceNS)
			// What the platform writes meanwhile, as a Usage, has to be read again: nothing was decided.
			for range 20 {
				if code != http.StatusConflict || !strings.Contains(said, "the object has been modified") {
					break
				}
				code, said = e.call(ctx, bob, aliceNS)
			}
			if code != http.StatusForbidden || !strings.Contains(said, "denied by isolation/tenant-membership: ") {
				holes = append(holes, fmt.Sprintf("%s as a stranger: %d %.200s", e, code, said))
			}
			counts["denied to a stranger"]++
			code, said = e.call(ctx, alice, aliceNS)
			rule := ruleOf.FindStringSubmatch(said)
			switch {
			case strings.Contains(said, "denied by isolation/tenant-membership: "):
				holes = append(holes, fmt.Sprintf("%s as the tenant: %d %.200s", e, code, said))
			case rule != nil:
				counts["denied to the tenant by a rule"]++
				rows = append(rows, fmt.Sprintf("%-70s the tenant: denied by %s", e, rule[1]))
			case code < 300:
				counts["allowed to the tenant"]++
			default:
				counts["refused to the tenant by the API server"]++
				rows = append(rows, fmt.Sprintf("%-70s the tenant: %d %.90s", e, code, strings.ReplaceAll(said, "\n", " ")))
			}
		}
		for _, row := range rows {
			GinkgoWriter.Println(row)
		}
		report("coverage: %d ways to write by discovery, %d holes; %v", len(all), len(holes), counts)
		Expect(strings.Join(holes, "\n")).To(BeEmpty())
		Expect(len(all)).To(BeNumerically(">", 150))
	}, SpecTimeout(5*time.Minute))
})
