package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// apiServer answers as much of the Kubernetes API as the commands ask for: discovery,
// who is calling, GET of stored objects by path, and POST of Tenants in dry run.
type apiServer struct {
	t       *testing.T
	user    string
	groups  []string                        // gatehouse:users unless set
	objects map[string]string               // path -> JSON
	tenants func(name string) (int, string) // answer to a dry-run create
	posts   []string
}

const coreResources = `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[
{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get"],"shortNames":["po"]},
{"name":"namespaces","singularName":"namespace","namespaced":false,"kind":"Namespace","verbs":["list"]},
{"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["get"]},
{"name":"secrets","singularName":"secret","namespaced":true,"kind":"Secret","verbs":["get"]}]}`

var groupResources = map[string]string{
	"apps/v1":                           `{"name":"replicasets","singularName":"replicaset","namespaced":true,"kind":"ReplicaSet","verbs":["get"],"shortNames":["rs"]}`,
	"research.example.com/v1":           `{"name":"researchsessions","singularName":"researchsession","namespaced":true,"kind":"ResearchSession","verbs":["get"],"shortNames":["rs"]}`,
	"templates.gatekeeper.sh/v1":        `{"name":"constrainttemplates","singularName":"constrainttemplate","namespaced":false,"kind":"ConstraintTemplate","verbs":["list"]}`,
	"constraints.gatekeeper.sh/v1beta1": `{"name":"noones","singularName":"noones","namespaced":false,"kind":"NoOnes","verbs":["list"]}`,
	"authentication.k8s.io/v1":          `{"name":"selfsubjectreviews","singularName":"selfsubjectreview","namespaced":false,"kind":"SelfSubjectReview","verbs":["create"]}`,
	"gatehouse.dev/v1alpha1":            `{"name":"usages","singularName":"usage","namespaced":true,"kind":"Usage","verbs":["get"]},{"name":"tenants","singularName":"tenant","namespaced":false,"kind":"Tenant","verbs":["create"]},` + clusterKinds(),
}

// start serves the API and points KUBECONFIG at it.
func (a *apiServer) start(t *testing.T) {
	t.Helper()
	a.t = t
	serve(t, a)
}

// serve starts a server and points KUBECONFIG at it, in alice's namespace.
func serve(t *testing.T, api http.Handler) {
	t.Helper()
	srv := httptest.NewServer(api)
	t.Cleanup(srv.Close)
	t.Setenv("KUBECONFIG", file(t, "kubeconfig", fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: claude-runner-user-alice}}]
current-context: x
`, srv.URL)))
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	path := r.URL.Path
	switch group := strings.TrimPrefix(path, "/apis/"); {
	case path == "/api":
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case path == "/api/v1":
		fmt.Fprint(w, coreResources)
	case path == "/apis":
		fmt.Fprint(w, groupList())
	case groupResources[group] != "":
		fmt.Fprintf(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":%q,"resources":[%s]}`, group, groupResources[group])
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/selfsubjectreviews"):
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":%q,"groups":%s}}}`, a.user, a.groupList())
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/tenants") && a.tenants != nil:
		if r.URL.Query().Get("dryRun") != "All" {
			a.t.Errorf("a Tenant was really created: %s", body)
		}
		a.posts = append(a.posts, string(body))
		var sent struct{ Metadata struct{ Name string } }
		if err := json.Unmarshal(body, &sent); err != nil {
			a.t.Error(err)
		}
		code, answer := a.tenants(sent.Metadata.Name)
		w.WriteHeader(code)
		fmt.Fprint(w, answer)
	case r.Method == http.MethodGet && a.objects[path] != "":
		fmt.Fprint(w, a.objects[path])
	default:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, failure("Forbidden", "you may not "+r.Method+" "+path))
	}
}

// groupList is the caller's groups as JSON.
func (a *apiServer) groupList() []byte {
	groups := a.groups
	if groups == nil {
		groups = []string{"gatehouse:users"}
	}
	raw, err := json.Marshal(groups)
	if err != nil {
		a.t.Error(err)
	}
	return raw
}

func groupList() string {
	groups := make([]string, 0, len(groupResources))
	// apps comes first, as in a real API server: rs means ReplicaSet to kubectl.
	for _, gv := range []string{"apps/v1", "authentication.k8s.io/v1", "gatehouse.dev/v1alpha1", "research.example.com/v1"} {
		group, version, _ := strings.Cut(gv, "/")
		groups = append(groups, fmt.Sprintf(`{"name":%q,"versions":[{"groupVersion":%q,"version":%q}],"preferredVersion":{"groupVersion":%q,"version":%q}}`, group, gv, version, gv, version))
	}
	return `{"kind":"APIGroupList","apiVersion":"v1","groups":[` + strings.Join(groups, ",") + `]}`
}

func failure(reason, message string) string {
	code := map[string]int{"Forbidden": 403, "AlreadyExists": 409, "InternalError": 500}[reason]
	raw, err := json.Marshal(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": message})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// clusterKinds lists the platform's own kinds for discovery.
func clusterKinds() string {
	var all []string
	for plural, kind := range map[string]string{
		"tiers": "Tier", "models": "Model", "organizations": "Organization",
		"organizationsettings": "OrganizationSettings", "quotaledgers": "QuotaLedger", "policies": "Policy",
	} {
		all = append(all, fmt.Sprintf(`{"name":%q,"singularName":%q,"namespaced":false,"kind":%q,"verbs":["get","list"]}`, plural, strings.ToLower(kind), kind))
	}
	return strings.Join(all, ",")
}
