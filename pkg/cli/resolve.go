package cli

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sessions is what rs means here. To kubectl the short name is ambiguous: ReplicaSets
// have it too.
var sessions = schema.GroupResource{Group: "research.example.com", Resource: "researchsessions"}

// get reads a live object by kubectl's notation: <resource>[.<group>]/<name>, with
// short names, singulars and kinds as kubectl takes them.
func (c *cluster) get(ctx context.Context, ref string) (*unstructured.Unstructured, error) {
	resource, name, ok := strings.Cut(ref, "/")
	if !ok || resource == "" || name == "" || strings.Contains(name, "/") {
		return nil, misuse("--object must be <resource>/<name>, not %q", ref)
	}
	mapping, err := c.resolve(resource)
	if err != nil {
		return nil, err
	}
	key := client.ObjectKey{Name: name}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		key.Namespace = c.namespace
	}
	return c.read(ctx, mapping.GroupVersionKind, key)
}

// resolve finds a kind by what people call it: resource, singular, kind or short name,
// each with or without its group.
func (c *cluster) resolve(resource string) (*meta.RESTMapping, error) {
	disco, err := discovery.NewDiscoveryClientForConfig(c.rest)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.rest.Host, err)
	}
	cached := memory.NewMemCacheClient(disco)
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	gr := schema.ParseGroupResource(strings.ToLower(resource))
	if gr.Group == "" && gr.Resource == "rs" {
		gr = sessions
	}
	kind, err := mapper.KindFor(gr.WithVersion(""))
	if err != nil {
		return nil, fmt.Errorf("resolve %q: %w", resource, err)
	}
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, fmt.Errorf("resolve %q: %w", resource, err)
	}
	return mapping, nil
}

// read gets one object of any kind.
func (c *cluster) read(ctx context.Context, kind schema.GroupVersionKind, key client.ObjectKey) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(kind)
	if err := c.Get(ctx, key, obj); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind.GroupKind(), key, err)
	}
	return obj, nil
}
