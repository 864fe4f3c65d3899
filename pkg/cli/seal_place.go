package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// target is KIND or KIND/NAME of the command line.
type target struct{ resource, name string }

// place is a kind to look through, or with a name one object of it.
type place struct {
	resource schema.GroupVersionResource
	kind     schema.GroupVersionKind
	name     string
}

func parseTargets(args []string) ([]target, error) {
	var out []target
	for _, arg := range args {
		resource, name, named := strings.Cut(arg, "/")
		if resource == "" || named && name == "" || strings.Contains(name, "/") {
			return nil, misuse("arguments are KIND or KIND/NAME, not %q", arg)
		}
		out = append(out, target{resource, name})
	}
	return out, nil
}

// places resolves what the command line names, or without anything gives every kind
// that can carry a passport. What discovery could not tell comes back as unread.
func (c *cluster) places(targets []target) ([]place, []unreadKind, error) {
	var out []place
	for _, t := range targets {
		mapping, err := c.resolve(t.resource)
		if err != nil {
			return nil, nil, err
		}
		gr := mapping.Resource.GroupResource()
		if mapping.Scope.Name() != meta.RESTScopeNameNamespace || !gate.Sealable(gr.String()) {
			return nil, nil, misuse("%s never carry a passport", gr)
		}
		in := place{resource: mapping.Resource, kind: mapping.GroupVersionKind, name: t.name}
		if !slices.Contains(out, in) {
			out = append(out, in)
		}
	}
	if len(targets) > 0 {
		return out, nil, nil
	}
	return c.everyPlace()
}

// everyPlace lists by discovery the namespaced kinds that can be listed and patched.
func (c *cluster) everyPlace() ([]place, []unreadKind, error) {
	disco, err := discovery.NewDiscoveryClientForConfig(c.rest)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: %w", c.rest.Host, err)
	}
	var unread []unreadKind
	lists, err := disco.ServerPreferredNamespacedResources()
	var partly *discovery.ErrGroupDiscoveryFailed
	switch {
	case errors.As(err, &partly):
		for version, cause := range partly.Groups {
			unread = append(unread, unreadKind{Resource: "*." + version.Group, Message: fmt.Sprintf("discover %s: %v", version, cause)})
		}
		slices.SortFunc(unread, func(a, b unreadKind) int { return cmp.Compare(a.Resource, b.Resource) })
	case err != nil:
		return nil, nil, fmt.Errorf("discover the kinds of %s: %w", c.rest.Host, err)
	}
	var out []place
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, nil, fmt.Errorf("discover the kinds of %s: %w", c.rest.Host, err)
		}
		for _, r := range list.APIResources {
			if in := placeOf(version, r); in != nil {
				out = append(out, *in)
			}
		}
	}
	slices.SortFunc(out, func(a, b place) int { return cmp.Compare(a.resource.String(), b.resource.String()) })
	return out, unread, nil
}

// placeOf gives a discovered kind, nil for one that holds nothing to seal.
func placeOf(version schema.GroupVersion, r metav1.APIResource) *place {
	resource := version.WithResource(r.Name)
	if strings.Contains(r.Name, "/") || !gate.Sealable(resource.GroupResource().String()) ||
		!slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "patch") {
		return nil
	}
	return &place{resource: resource, kind: version.WithKind(r.Kind)}
}

// systemObject reports whether the cluster's own controllers keep an object of this name
// in every namespace; those carry no passport.
func systemObject(gr schema.GroupResource, name string) bool {
	return slices.ContainsFunc(tenant.BuiltinControllers(), func(row tenant.ControllerRule) bool {
		return row.Mode == tenant.ModeSystem && row.Group == gr.Group && row.Resource == gr.Resource && slices.Contains(row.Names, name)
	})
}
