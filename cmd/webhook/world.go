package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/pkg/facts/live"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/crd"
	"gatehouse.dev/gatehouse/pkg/runner"
)

// world is what the server knows of the cluster, on one connection.
type world struct {
	cache     cache.Cache
	facts     *live.Facts
	heartbeat *live.Heartbeat
	keys      *live.Keys
	owners    *live.Owners
	cached    *live.OwnerCache
	policies  *live.Policies
	// constraints and inventory are Gatekeeper's; inventory is nil where none is kept.
	constraints *live.Constraints
	inventory   *live.Inventory
	ledger      quota.Ledger
	calendar    quota.Calendar
	program     func() *engine.Program
	logger      logr.Logger
}

func newWorld(c *config.Config, connection *rest.Config, identity string, r *report, p *rules, counts *audit.Ledger, logger logr.Logger) (*world, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme), researchv1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("scheme: %w", err)
	}
	httpClient, err := rest.HTTPClientFor(connection)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	mapper, err := apiutil.NewDynamicRESTMapper(connection, httpClient)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	lease := live.LeasePrefix + identity
	cacheOptions := live.CacheOptions(c.SystemNamespace, []string{passport.SecretName}, lease)
	cacheOptions.Scheme, cacheOptions.Mapper, cacheOptions.HTTPClient = scheme, mapper, httpClient
	informers, err := cache.New(connection, cacheOptions)
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	direct, err := client.New(connection, client.Options{Scheme: scheme, Mapper: mapper, HTTPClient: httpClient})
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	owners, err := metadata.NewForConfigAndClient(connection, httpClient)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	w := &world{cache: informers, logger: logger, calendar: c.Calendar()}
	w.keys = &live.Keys{
		Cache: informers, Namespace: c.SystemNamespace, Name: passport.SecretName,
		Failed: func(err error) { logger.Error(err, "passport keys not loaded") },
	}
	r.keys = w.keys.Keyring
	w.heartbeat = &live.Heartbeat{
		Cache: informers, Client: direct, Reader: direct,
		Namespace: c.SystemNamespace, Name: lease, Holder: identity,
		Report: r.annotations,
		Failed: func(err error) { logger.Error(err, "lease not renewed") },
	}
	// The provisioner activates a key once every replica has reported it.
	w.keys.Changed = w.heartbeat.Hurry
	w.policies, p.news = &live.Policies{Cache: informers, Changed: p.changed}, w.heartbeat.Hurry
	w.constraints = &live.Constraints{Cache: informers, Changed: p.constrained, Failed: func(err error) { logger.Error(err, "constraints") }}
	if kinds := c.Gatekeeper.InventoryKinds(); len(kinds) > 0 {
		w.inventory = &live.Inventory{Cache: informers, Kinds: kinds, Failed: func(err error) { logger.Error(err, "inventory of constraints") }}
	}
	w.facts = &live.Facts{Cache: informers, Reader: direct, Prefix: c.TenantNamespacePrefix, Lease: w.heartbeat}
	w.owners = &live.Owners{Client: owners, Mapper: mapper}
	w.cached = live.NewOwnerCache(owners, c.TenantNamespacePrefix, ownerKinds(c))
	w.ledger = crd.New(crd.Options{
		Client: direct, NamespacePrefix: c.TenantNamespacePrefix, TTL: c.ReservationExpiry(), Calendar: c.Calendar(), Account: w.account,
		Batched: counts.Batch, Swapped: counts.Swap,
	})
	return w, nil
}

// gate makes the decision out of what the world knows.
func (w *world) gate(c *config.Config, set *policyset.Set) *gate.Gate {
	w.program = set.Program
	g := &gate.Gate{
		Calendar: w.calendar,
		Facts:    w.facts, Owners: w.owners, OwnerCache: w.cached, Keys: w.keys.Keyring, Program: set.Program, Policies: set, Ledger: w.ledger,
		Callers: c.Callers(), Onboarding: c.Onboarding, PrimaryAlias: c.PrimaryAlias(), PassportGroups: c.Passport.Groups,
		EmailAsHash: c.Passport.EmailAsHash, PodTemplates: c.PodTemplatePaths(), SessionPods: runner.Pods(c.Sessions),
		Now: time.Now, NewID: uuid.NewString, MaxFactAge: maxFactAge, Constraints: set,
	}
	if w.inventory != nil {
		g.Inventory = w.inventory.Current
	}
	return g
}

// start begins all watches and returns when ctx ends. The API server may not be there
// yet, or not have our kinds: it tries until it is.
func (w *world) start(ctx context.Context) error {
	w.cached.Start(ctx, w.logger)
	for _, step := range []struct {
		name  string
		begin func(context.Context) error
	}{{"heartbeat", w.heartbeat.Start}, {"keys", w.keys.Start}, {"facts", w.facts.Start}, {"policies", w.policies.Start}, {"inventory", w.startInventory}, {"constraints", w.constraints.Start}} {
		for {
			err := step.begin(ctx)
			if ctx.Err() != nil {
				return nil //nolint:nilerr // We were told to end; what failed on the way is no failure.
			}
			if err == nil {
				w.logger.Info("watching", "what", step.name)
				break
			}
			w.logger.Error(err, "not watching yet", "what", step.name)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(time.Second):
			}
		}
	}
	<-ctx.Done()
	return nil
}

func (w *world) startInventory(ctx context.Context) error {
	if w.inventory == nil {
		return nil
	}
	return w.inventory.Start(ctx)
}

// fresh is nil while the facts may be decided on.
func (w *world) fresh() error {
	if w.facts.Snapshot() == nil {
		return errors.New("the facts have not been listed yet")
	}
	if age := w.facts.Age(time.Now()); age > maxFactAge {
		return fmt.Errorf("the facts are older than %s", maxFactAge)
	}
	return nil
}

// verifies is nil while there are keys. Whether one of them signs is no question of
// readiness: after the active one was revoked, what needs no signature must still reach
// us, and what needs one is told to come again.
func (w *world) verifies() error {
	if len(w.keys.Keyring().IDs()) == 0 {
		return errors.New("no passport keys loaded")
	}
	return nil
}
