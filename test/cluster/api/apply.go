package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Manager owns the fields that the launcher applies.
const Manager = "gatehouse-cluster"

const discoveryType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

type resource struct {
	name       string
	namespaced bool
}

// Resources maps apiVersion and kind to the resource that serves it.
type Resources map[string]resource

// Discover asks the API server what it serves now.
func (c *Client) Discover(ctx context.Context) (Resources, error) {
	resources := Resources{}
	for _, root := range []string{"/api", "/apis"} {
		groups, err := c.doAccept(ctx, http.MethodGet, root, "application/json", discoveryType, nil)
		if err != nil {
			return nil, fmt.Errorf("discover: %w", err)
		}
		for _, group := range list(groups, "items") {
			for _, version := range list(group, "versions") {
				apiVersion := strings.TrimPrefix(String(group, "metadata", "name")+"/"+String(version, "version"), "/")
				for _, served := range list(version, "resources") {
					key := apiVersion + " " + String(served, "responseKind", "kind")
					resources[key] = resource{String(served, "resource"), String(served, "scope") == "Namespaced"}
				}
			}
		}
	}
	return resources, nil
}

// Path is where an object lives.
func (r Resources) Path(object Object) (string, error) {
	apiVersion, kind := String(object, "apiVersion"), String(object, "kind")
	served, found := r[apiVersion+" "+kind]
	if !found {
		return "", fmt.Errorf("%s: the API server does not serve kind %s of %s", Name(object), kind, apiVersion)
	}
	root := "/apis/" + apiVersion
	if !strings.Contains(apiVersion, "/") {
		root = "/api/" + apiVersion
	}
	if served.namespaced {
		namespace := String(object, "metadata", "namespace")
		if namespace == "" {
			namespace = "default"
		}
		root += "/namespaces/" + namespace
	}
	return root + "/" + served.name + "/" + url.PathEscape(String(object, "metadata", "name")), nil
}

// Apply writes an object by server-side apply and returns what is stored.
func (c *Client) Apply(ctx context.Context, resources Resources, object Object) (Object, error) {
	path, err := resources.Path(object)
	if err != nil {
		return nil, err
	}
	query := "?force=true&fieldManager=" + Manager
	stored, err := c.do(ctx, http.MethodPatch, path+query, "application/apply-patch+yaml", object)
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", Name(object), err)
	}
	return stored, nil
}

// Name is how messages call an object: Kind namespace/name.
func Name(object Object) string {
	name := String(object, "metadata", "name")
	if namespace := String(object, "metadata", "namespace"); namespace != "" {
		name = namespace + "/" + name
	}
	return String(object, "kind") + " " + name
}

// list is Field for lists.
func list(object any, path ...string) []any {
	items, _ := Field(object, path...).([]any)
	return items
}
