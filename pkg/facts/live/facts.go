package live

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/turn"
)

// Facts keeps the newest snapshot. Build it with New, then Start it beside the cache.
type Facts struct {
	// Cache carries every informer, Reader reads past it.
	Cache  cache.Cache
	Reader client.Reader
	// Prefix begins every tenant namespace's name.
	Prefix string
	// Lease is the heartbeat whose return dates the facts.
	Lease *Heartbeat

	snapshot atomic.Pointer[facts.Snapshot]
	news     *news
}

var _ facts.Source = (*Facts)(nil)

// Snapshot gives the newest picture, nil before the first one.
func (f *Facts) Snapshot() *facts.Snapshot { return f.snapshot.Load() }

// Age is the time since the heartbeat last came back on the watch.
func (f *Facts) Age(now time.Time) time.Duration { return f.Lease.Age(now) }

// Start watches until ctx ends; it returns once the first snapshot stands or an error
// that names the kind that could not be watched.
func (f *Facts) Start(ctx context.Context) error {
	f.news = newNews()
	var told []toolscache.InformerSynced
	for _, follow := range f.kinds() {
		informer, err := f.Cache.GetInformer(ctx, follow.kind)
		if err != nil {
			return fmt.Errorf("watch %T: %w", follow.kind, err)
		}
		registered, err := informer.AddEventHandler(follow.handler)
		if err != nil {
			return fmt.Errorf("watch %T: %w", follow.kind, err)
		}
		told = append(told, registered.HasSynced)
	}
	// What was told counts, and not what the cache holds: it is told a moment later.
	if !f.Cache.WaitForCacheSync(ctx) || !toolscache.WaitForCacheSync(ctx.Done(), told...) {
		return fmt.Errorf("facts did not sync: %w", context.Cause(ctx))
	}
	f.snapshot.Store(facts.Nothing(f.Prefix).After(f.news.take()))
	go f.keep(ctx)
	return nil
}

// kinds are the kinds that facts follow from, all without a namespace.
func (f *Facts) kinds() []followedKind {
	return []followedKind{
		{&v1alpha1.Tenant{}, hear(f.news, func(c *facts.Change) *map[string]*v1alpha1.Tenant { return &c.Tenants }, itself)},
		{&v1alpha1.Organization{}, hear(f.news, func(c *facts.Change) *map[string]*v1alpha1.Organization { return &c.Organizations }, itself)},
		{&v1alpha1.OrganizationSettings{}, hear(f.news, func(c *facts.Change) *map[string]*v1alpha1.OrganizationSettings { return &c.Settings }, itself)},
		{&v1alpha1.Tier{}, hear(f.news, func(c *facts.Change) *map[string]*v1alpha1.Tier { return &c.Tiers }, itself)},
		{&v1alpha1.Model{}, hear(f.news, func(c *facts.Change) *map[string]*v1alpha1.Model { return &c.Models }, itself)},
		{&corev1.Namespace{}, hear(f.news, func(c *facts.Change) *map[string]*facts.Namespace { return &c.Namespaces },
			func(o *corev1.Namespace) *facts.Namespace { ns := namespaceOf(o); return &ns })},
	}
}

type followedKind struct {
	kind    client.Object
	handler toolscache.ResourceEventHandler
}

func itself[O any](o *O) *O { return o }

// How long the next change waits for others after one was taken in: four times as long as that
// took, so that a flood of changes takes a part of one core, and shortestRest in any case.
const (
	shortestRest = 5 * time.Millisecond
	longestRest  = 250 * time.Millisecond
)

// keep takes in what changes; what is told of meanwhile, or while it rests, is one change more.
func (f *Facts) keep(ctx context.Context) {
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-f.news.there:
			began := time.Now()
			f.snapshot.Store(f.snapshot.Load().After(f.news.take()))
			rest.Reset(max(shortestRest, min(4*time.Since(began), longestRest)))
		}
	}
}

// List reads what a snapshot is built of from a cache.
func List(ctx context.Context, from client.Reader, prefix string) (facts.Objects, error) {
	out := facts.Objects{Prefix: prefix}
	var (
		namespaces    corev1.NamespaceList
		tenants       v1alpha1.TenantList
		organizations v1alpha1.OrganizationList
		settings      v1alpha1.OrganizationSettingsList
		tiers         v1alpha1.TierList
		models        v1alpha1.ModelList
	)
	for _, list := range []client.ObjectList{&namespaces, &tenants, &organizations, &settings, &tiers, &models} {
		// Snapshots only read what the cache holds, so no deep copies are needed.
		if err := from.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return out, fmt.Errorf("list %T from the cache: %w", list, err)
		}
	}
	for i := range namespaces.Items {
		out.Namespaces = append(out.Namespaces, namespaceOf(&namespaces.Items[i]))
	}
	out.Tenants = pointers(tenants.Items)
	out.Organizations = pointers(organizations.Items)
	out.Settings = pointers(settings.Items)
	out.Tiers = pointers(tiers.Items)
	out.Models = pointers(models.Items)
	return out, nil
}

// Live reads a namespace past the cache, and its tenant when the snapshot does not know
// it yet.
func (f *Facts) Live(ctx context.Context, namespace string) (*facts.Home, error) {
	turn.End(ctx) // the API server's turn
	var ns corev1.Namespace
	if err := f.Reader.Get(ctx, client.ObjectKey{Name: namespace}, &ns); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("namespace %q: %w", namespace, facts.ErrUnknown)
		}
		return nil, fmt.Errorf("read namespace %q: %w", namespace, err)
	}
	name, labelled := ns.Labels[v1alpha1.LabelTenant]
	if !labelled {
		return nil, fmt.Errorf("namespace %q: %w", namespace, facts.ErrUnknown)
	}
	snapshot := f.Snapshot()
	if _, known := snapshot.Tenant(name); known {
		return snapshot.Home(namespaceOf(&ns)), nil
	}
	var t v1alpha1.Tenant
	err := f.Reader.Get(ctx, client.ObjectKey{Name: name}, &t)
	if apierrors.IsNotFound(err) {
		return snapshot.Home(namespaceOf(&ns)), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read tenant %q: %w", name, err)
	}
	return snapshot.With(&t).Home(namespaceOf(&ns)), nil
}

func namespaceOf(ns *corev1.Namespace) facts.Namespace {
	return facts.Namespace{Name: ns.Name, UID: ns.UID, ResourceVersion: ns.ResourceVersion, Labels: ns.Labels, Annotations: ns.Annotations}
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out
}

// CacheOptions narrows the cache to what facts need: tenant namespaces, one key Secret
// and one Lease by name.
func CacheOptions(systemNamespace string, secrets []string, lease string) cache.Options {
	return cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Namespace{}: {Label: hasTenant()},
			&corev1.Secret{}:    byNames(systemNamespace, secrets),
			leaseObject():       byNames(systemNamespace, []string{lease}),
		},
		DefaultTransform: stripManaged,
	}
}

// stripManaged drops managedFields, which no fact reads.
func stripManaged(obj any) (any, error) {
	if m, ok := obj.(metav1.Object); ok {
		m.SetManagedFields(nil)
	}
	return obj, nil
}
