package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// answer is what the API server says.
type answer struct {
	code int
	// said is a refusal's message, or the object.
	said string
	// warned are the warnings that kubectl would show.
	warned string
}

func (a answer) ok() bool { return a.code >= 200 && a.code < 300 }

func (a answer) object() map[string]any {
	GinkgoHelper()
	var object map[string]any
	Expect(json.Unmarshal([]byte(a.said), &object)).To(Succeed(), a.said)
	return object
}

// attempt is one request of an attack.
type attempt struct {
	name, method, path, kind string
	body                     any
	headers                  map[string]string
}

func (t attempt) dry() attempt {
	t.name += ", dry run"
	separator := "?"
	if strings.Contains(t.path, "?") {
		separator = "&"
	}
	t.path += separator + "dryRun=All"
	return t
}

// send is one plain HTTP request as somebody.
func (w *world) send(ctx context.Context, as string, t attempt) answer {
	GinkgoHelper()
	client, err := rest.HTTPClientFor(w.config(as))
	Expect(err).NotTo(HaveOccurred())
	var body io.Reader
	if t.body != nil {
		raw, err := json.Marshal(t.body)
		Expect(err).NotTo(HaveOccurred())
		body = strings.NewReader(string(raw))
	}
	request, err := http.NewRequestWithContext(ctx, t.method, w.config(as).Host+t.path, body)
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/json")
	if t.kind != "" {
		request.Header.Set("Content-Type", t.kind)
	}
	for key, value := range t.headers {
		request.Header.Add(key, value)
	}
	response, err := client.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	a := answer{code: response.StatusCode, said: string(raw), warned: strings.Join(response.Header.Values("Warning"), "\n")}
	var status metav1.Status
	if json.Unmarshal(raw, &status) == nil && status.Kind == "Status" && status.Message != "" {
		a.said = status.Message
	}
	return a
}

// collection is the path of a kind's objects.
func (w *world) collection(apiVersion, kind, namespace string) string {
	GinkgoHelper()
	gv, err := schema.ParseGroupVersion(apiVersion)
	Expect(err).NotTo(HaveOccurred())
	mapping, err := w.mapper.RESTMapping(gv.WithKind(kind).GroupKind(), gv.Version)
	Expect(err).NotTo(HaveOccurred())
	path := "/apis/" + apiVersion
	if gv.Group == "" {
		path = "/api/" + apiVersion
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		path += "/namespaces/" + namespace
	}
	return path + "/" + mapping.Resource.Resource
}

var ruleOf = regexp.MustCompile(`denied by ([a-z-]+/[a-z-]+): `)

// refused reports whether it was denied by whom it must be, and if not, what happened.
func refused(a answer, by string) error {
	good := false
	switch {
	case strings.HasPrefix(by, "api: "):
		good = a.code >= 400 && a.code < 500 && strings.Contains(a.said, strings.TrimPrefix(by, "api: "))
	case strings.HasPrefix(by, "guard: "):
		good = a.code == http.StatusForbidden && strings.Contains(a.said, "ValidatingAdmissionPolicy '"+strings.TrimPrefix(by, "guard: ")+"'")
	case a.code != http.StatusForbidden:
	case by == "rbac":
		good = strings.Contains(a.said, " cannot ") && !strings.Contains(a.said, "denied by ") && !strings.Contains(a.said, "admission webhook")
	case by == "PodSecurity":
		good = strings.Contains(a.said, "violates PodSecurity")
	default:
		for _, found := range ruleOf.FindAllStringSubmatch(a.said, -1) {
			good = good || found[1] == by
		}
	}
	if good {
		return nil
	}
	return fmt.Errorf("want a denial by %s, got %d %.700s", by, a.code, strings.ReplaceAll(a.said, "\n", " | "))
}
