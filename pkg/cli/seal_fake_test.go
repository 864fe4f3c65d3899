package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// sealAPI is an API server with Gatehouse in front, as far as sealing goes: kinds of
// several groups, lists of metadata in pages, and merge patches of the seal annotation.
type sealAPI struct {
	t *testing.T
	// objects by resource.group.
	objects map[string][]*metav1.PartialObjectMetadata
	// keys sign; nobody may read them where hidden.
	keys   *passport.Keyring
	hidden bool
	// platform says that the caller is a platform identity.
	platform bool
	// refuse answers a write of an object with a denial, by name.
	refuse map[string]string
	// broken is a resource that nobody may list.
	broken string

	mu      sync.Mutex
	lists   []string
	patches []string
}

// sealKinds are what discovery tells, by group version.
var sealKinds = map[string]string{
	"v1": kindRow("configmaps", "ConfigMap", "list", "patch") + "," + kindRow("serviceaccounts", "ServiceAccount", "list", "patch") + "," +
		kindRow("events", "Event", "list", "patch") + "," + kindRow("bindings", "Binding", "create") + "," + kindRow("secrets", "Secret", "get") + "," +
		kindRow("pods", "Pod", "list", "patch") + "," + kindRow("pods/status", "Pod", "list", "patch") + "," +
		`{"name":"namespaces","singularName":"namespace","namespaced":false,"kind":"Namespace","verbs":["get","list","patch"]}`,
	"apps/v1":                kindRow("deployments", "Deployment", "list", "patch") + "," + kindRow("replicasets", "ReplicaSet", "list", "patch"),
	"batch/v1":               kindRow("cronjobs", "CronJob", "list", "patch") + "," + kindRow("jobs", "Job", "list", "patch"),
	"gatehouse.dev/v1alpha1": kindRow("usages", "Usage", "list", "patch"),
	"metrics.k8s.io/v1":      kindRow("podmetrics", "PodMetrics", "list"),
}

func kindRow(resource, kind string, verbs ...string) string {
	return fmt.Sprintf(`{"name":%q,"singularName":%q,"namespaced":true,"kind":%q,"verbs":["%s"]}`, resource, strings.ToLower(kind), kind, strings.Join(verbs, `","`))
}

func (a *sealAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/apis/"), "/api/")
	switch {
	case r.URL.Path == "/api":
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case r.URL.Path == "/apis":
		a.groups(w)
	case sealKinds[path] != "":
		fmt.Fprintf(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":%q,"resources":[%s]}`, path, sealKinds[path])
	case path == "v1/namespaces":
		fmt.Fprintf(w, `{"kind":"NamespaceList","apiVersion":"v1","items":[%s,%s]}`, tenantNamespace("bob"), tenantNamespace("alice"))
	case strings.HasPrefix(path, "v1/namespaces/claude-runner-user-") && strings.Count(path, "/") == 2 && !a.hidden:
		fmt.Fprint(w, tenantNamespace(strings.TrimPrefix(path, "v1/namespaces/claude-runner-user-")))
	case path == "v1/namespaces/kube-system":
		fmt.Fprint(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system"}}`)
	case path == "v1/namespaces/claude-runner-system/secrets/gatehouse-passport-keys" && !a.hidden:
		fmt.Fprint(w, secretOf(a.t, a.keys))
	default:
		a.serveObjects(w, r, path)
	}
}

func tenantNamespace(id string) string {
	return fmt.Sprintf(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"claude-runner-user-%s","labels":{"gatehouse.dev/tenant":%q}}}`, id, id)
}

func (a *sealAPI) groups(w io.Writer) {
	var groups []string
	for _, gv := range []string{"apps/v1", "batch/v1", "gatehouse.dev/v1alpha1", "metrics.k8s.io/v1"} {
		group, version, _ := strings.Cut(gv, "/")
		groups = append(groups, fmt.Sprintf(`{"name":%q,"versions":[{"groupVersion":%q,"version":%q}],"preferredVersion":{"groupVersion":%q,"version":%q}}`, group, gv, version, gv, version))
	}
	fmt.Fprintf(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[%s]}`, strings.Join(groups, ","))
}

// serveObjects answers lists, reads and patches of metadata.
func (a *sealAPI) serveObjects(w http.ResponseWriter, r *http.Request, path string) {
	if !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata") {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, failure("Forbidden", "you may not read "+path))
		return
	}
	part := strings.Split(path, "/")
	group := ""
	if part[0] != "v1" {
		group, part = "."+part[0], part[1:]
	}
	part = part[1:]
	namespace, name := "", ""
	if part[0] == "namespaces" {
		namespace, part = part[1], part[2:]
	}
	resource := part[0] + group
	if len(part) > 1 {
		name = part[1]
	}
	var in []*metav1.PartialObjectMetadata
	for _, o := range a.objects[resource] {
		if (namespace == "" || o.Namespace == namespace) && (name == "" || o.Name == name) {
			in = append(in, o)
		}
	}
	switch {
	case r.Method == http.MethodPatch:
		a.patch(w, r, in)
	case resource == a.broken:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, failure("Forbidden", "you may not list "+resource))
	case name != "" && len(in) == 0:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not found"}`)
	case name != "":
		a.send(w, in[0])
	default:
		a.list(w, r, resource, in)
	}
}

// list gives one page; pages hold two objects whatever the client asks for.
func (a *sealAPI) list(w io.Writer, r *http.Request, resource string, in []*metav1.PartialObjectMetadata) {
	const page = 2
	a.lists = append(a.lists, resource+"?limit="+r.URL.Query().Get("limit"))
	from, err := strconv.Atoi("0" + r.URL.Query().Get("continue"))
	if err != nil {
		a.t.Error(err)
	}
	list := &metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"}}
	for _, o := range in[from:min(from+page, len(in))] {
		list.Items = append(list.Items, *o)
	}
	if from+page < len(in) {
		list.Continue = strconv.Itoa(from + page)
	}
	a.send(w, list)
}

func (a *sealAPI) patch(w http.ResponseWriter, r *http.Request, in []*metav1.PartialObjectMetadata) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	var sent metav1.PartialObjectMetadata
	if err := json.Unmarshal(body, &sent); err != nil || r.Header.Get("Content-Type") != string(types.MergePatchType) ||
		len(sent.Annotations) != 1 || sent.Annotations["gatehouse.dev/seal"] != "tenant" || len(in) != 1 || sent.UID != in[0].UID {
		a.t.Errorf("patch %s of %s: %v", body, r.URL.Path, err)
	}
	o := in[0].DeepCopy()
	a.patches = append(a.patches, o.Namespace+"/"+o.Name+"?"+r.URL.Query().Get("dryRun"))
	if denial := a.refuse[o.Name]; denial != "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, failure("Forbidden", denial))
		return
	}
	if a.platform {
		o.Annotations = map[string]string{"gatehouse.dev/passport": sealedBy(a.t, a.keys, "local:tenant", o.Namespace)}
	} else {
		w.Header().Add("Warning", `299 - "the annotation gatehouse.dev/seal was dropped"`)
	}
	if !slices.Contains(r.URL.Query()["dryRun"], "All") {
		*in[0] = *o
	}
	a.send(w, o)
}

func (a *sealAPI) send(w io.Writer, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		a.t.Error(err)
	}
}
