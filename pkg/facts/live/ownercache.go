package live

import (
	"context"
	"strings"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

// formerFor is how long the seals that a rewrite replaced are remembered: as long as
// another replica's facts may be old and still be decided on.
const formerFor = 10 * time.Second

// OwnerCache keeps UID and seals of the objects that may own others in tenant
// namespaces. It is as old as its watches: what Cached shows may have been rewritten or
// deleted since, by no longer than facts in general may be old, because its watches share
// the connection that the heartbeat dates. A kind whose watch has ended and was not taken
// up again is not known at all.
type OwnerCache struct {
	client metadata.Interface
	kinds  []OwnerKind
	stores map[schema.GroupKind]*ownerStore
}

var _ facts.OwnerCache = (*OwnerCache)(nil)

// NewOwnerCache makes a cache of these kinds for namespaces that begin with the prefix.
// Watches cannot be narrowed to such namespaces: objects elsewhere are read and dropped.
func NewOwnerCache(client metadata.Interface, prefix string, kinds []OwnerKind) *OwnerCache {
	c := &OwnerCache{client: client, stores: map[schema.GroupKind]*ownerStore{}}
	wanted := func(namespace string) bool { return strings.HasPrefix(namespace, prefix) }
	for _, k := range kinds {
		if c.stores[k.Kind] != nil {
			continue
		}
		c.kinds = append(c.kinds, k)
		c.stores[k.Kind] = newOwnerStore(wanted, time.Now)
	}
	return c
}

// Start watches until ctx ends and returns at once: owners that are not known yet are
// read live. Watches that fail, also for kinds that are not served, are tried again with
// growing pauses, and the reason logged.
func (c *OwnerCache) Start(ctx context.Context, logger logr.Logger) {
	for _, k := range c.kinds {
		store := c.stores[k.Kind]
		l := logger.WithValues("kind", k.Kind.String())
		reflector := toolscache.NewReflectorWithOptions(
			watched(c.client, k.Resource, store), &metav1.PartialObjectMetadata{}, store,
			toolscache.ReflectorOptions{Name: "owners of kind " + k.Kind.String(), TypeDescription: k.Kind.String(), Logger: &l})
		go reflector.RunWithContext(klog.NewContext(ctx, l))
	}
}

// Cached implements facts.OwnerCache.
func (c *OwnerCache) Cached(kind review.Kind, namespace, name string) (facts.CachedOwner, bool) {
	store := c.stores[schema.GroupKind{Group: kind.Group, Kind: kind.Kind}]
	if store == nil {
		return facts.CachedOwner{}, false
	}
	return store.get(namespace, name)
}

// Len counts the objects held, for metrics.
func (c *OwnerCache) Len() int {
	n := 0
	for _, store := range c.stores {
		n += store.len()
	}
	return n
}
