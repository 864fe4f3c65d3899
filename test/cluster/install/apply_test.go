package install

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/test/cluster/api"
)

// server is an API server that serves a few kinds and notes what is applied.
type server struct {
	mu      sync.Mutex
	applied []string
	bundle  string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/api":
		write(w, group("", "v1", "Namespace", "namespaces", "ConfigMap", "configmaps"))
	case r.URL.Path == "/apis":
		write(w, group("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
			"ValidatingWebhookConfiguration", "validatingwebhookconfigurations"))
	case r.Method == http.MethodPatch:
		s.applied = append(s.applied, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
		write(w, api.Object{})
	case strings.Contains(r.URL.Path, "customresourcedefinitions"):
		write(w, api.Object{"status": api.Object{"conditions": []any{api.Object{"type": "Established", "status": "True"}}}})
	case strings.Contains(r.URL.Path, "webhookconfigurations"):
		write(w, api.Object{"webhooks": []any{api.Object{"name": "w", "clientConfig": api.Object{"caBundle": s.bundle}}}})
	default:
		http.NotFound(w, r)
	}
}

func group(name, version string, kinds ...string) api.Object {
	var resources []any
	for i := 0; i < len(kinds); i += 2 {
		resources = append(resources, api.Object{
			"resource": kinds[i+1], "scope": "Cluster", "responseKind": api.Object{"kind": kinds[i]},
		})
	}
	return api.Object{"items": []any{api.Object{
		"metadata": api.Object{"name": name},
		"versions": []any{api.Object{"version": version, "resources": resources}},
	}}}
}

func write(w http.ResponseWriter, object api.Object) { _ = json.NewEncoder(w).Encode(object) }

func object(apiVersion, kind, name string) api.Object {
	return api.Object{"apiVersion": apiVersion, "kind": kind, "metadata": api.Object{"name": name}}
}

func start(t *testing.T, s *server) *api.Client {
	t.Helper()
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	client, err := api.New(listening.URL, "", "", "")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestApplyOrder(t *testing.T) {
	s := &server{}
	client := start(t, s)
	objects := []api.Object{
		object("apiextensions.k8s.io/v1", "ValidatingWebhookConfiguration", "webhooks"),
		object("v1", "ConfigMap", "settings"),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "tenants"),
		object("v1", "Namespace", "system"),
	}
	if err := Kinds(context.Background(), client, objects); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"tenants", "system"}, s.applied); diff != "" {
		t.Fatalf("kinds (-want +got):\n%s", diff)
	}
	if err := Rest(context.Background(), client, objects); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"tenants", "system", "settings", "webhooks"}, s.applied); diff != "" {
		t.Fatalf("applied in another order (-want +got):\n%s", diff)
	}
}

func TestApplyNamesUnknownKind(t *testing.T) {
	err := Rest(context.Background(), start(t, &server{}), []api.Object{object("v9", "Ghost", "boo")})
	if err == nil || !strings.Contains(err.Error(), "Ghost boo") {
		t.Fatalf("got %v, want the object's name", err)
	}
}

func TestTrusted(t *testing.T) {
	s := &server{}
	client := start(t, s)
	if err := Trusted(context.Background(), client); err == nil {
		t.Fatal("webhooks without a caBundle pass for trusted")
	}
	s.mu.Lock()
	s.bundle = "Y2E="
	s.mu.Unlock()
	if err := Trusted(context.Background(), client); err != nil {
		t.Fatal(err)
	}
}
