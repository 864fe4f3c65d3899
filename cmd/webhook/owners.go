package main

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/facts/live"
)

// ownerKinds are the kinds whose objects are kept in the cache of owners: the built-in
// ones and those of the configuration. The account of the webhook must be allowed to get,
// list and watch the latter; what it cannot watch it reads live.
func ownerKinds(c *config.Config) []live.OwnerKind {
	kinds := live.BuiltinOwnerKinds()
	for _, k := range c.OwnerKinds {
		kinds = append(kinds, live.OwnerKind{
			Kind: schema.GroupKind{Group: k.Group, Kind: k.Kind},
			Resource: schema.GroupVersionResource{
				Group: k.Group, Version: k.Version, Resource: cmp.Or(k.Resource, strings.ToLower(k.Kind)+"s"),
			},
		})
	}
	return kinds
}
