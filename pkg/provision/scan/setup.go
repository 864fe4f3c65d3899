package scan

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/bundle"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/facts/live"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/runner"
)

// Setup adds the background audit, with an engine of its own: what it costs, no
// decision waits for.
func Setup(ctx context.Context, m manager.Manager, c *config.Config, direct client.Client) error {
	if !c.Audit.Enabled {
		return nil
	}
	set, err := bundle.NewSet(ctx, c, gatekeeper.PointAudit)
	if err != nil {
		return err
	}
	logger := m.GetLogger().WithName("audit")
	sources, err := bundle.Sources(c, set, logger)
	if err != nil {
		return err
	}
	for _, source := range sources {
		if err := m.Add(manager.RunnableFunc(source.Start)); err != nil {
			return err
		}
	}
	w := &world{
		cached: m.GetClient(), live: direct, set: set, prefix: c.TenantNamespacePrefix, systemNamespace: c.SystemNamespace,
		inventoryKinds: c.Gatekeeper.InventoryKinds(),
	}
	w.gate = &gate.Gate{
		Facts: w, Keys: w.keys.Load, Program: set.Program, Callers: c.Callers(), PrimaryAlias: c.PrimaryAlias(),
		PassportGroups: c.Passport.Groups, EmailAsHash: c.Passport.EmailAsHash, PodTemplates: c.PodTemplatePaths(), SessionPods: runner.Pods(c.Sessions), Now: time.Now,
	}
	if len(w.inventoryKinds) > 0 {
		w.gate.Inventory = w.inventory.Load
	}
	return m.Add(&Scanner{
		Config: c.Audit, World: w, Live: direct, Mapper: m.GetRESTMapper(), Logger: logger, Now: time.Now,
		Place: &Place{Client: direct, Namespace: c.SystemNamespace},
	})
}

// world is what one pass judges by.
type world struct {
	cached, live            client.Reader
	set                     *policyset.Set
	gate                    *gate.Gate
	prefix, systemNamespace string
	inventoryKinds          []schema.GroupVersionKind

	snapshot atomic.Pointer[facts.Snapshot]
	keys     atomic.Pointer[passport.Keyring]
	// inventory is nil where the platform keeps none.
	inventory atomic.Pointer[gatekeeper.Inventory]
}

var _ facts.Source = (*world)(nil)

// Refresh implements World.
func (w *world) Refresh(ctx context.Context) ([]string, string, error) {
	objects, err := live.List(ctx, w.cached, w.prefix)
	if err != nil {
		return nil, "", err
	}
	w.snapshot.Store(facts.Build(objects))
	var stored v1alpha1.PolicyList
	if err := w.cached.List(ctx, &stored); err != nil {
		return nil, "", fmt.Errorf("list policies: %w", err)
	}
	list := make([]*v1alpha1.Policy, len(stored.Items))
	for i := range stored.Items {
		list[i] = &stored.Items[i]
	}
	// What is wrong with one is on its status; the rest is audited.
	_ = w.set.Apply(ctx, list)
	if err := w.constrain(ctx); err != nil {
		return nil, "", err
	}
	var secret corev1.Secret
	if err := w.live.Get(ctx, client.ObjectKey{Namespace: w.systemNamespace, Name: passport.SecretName}, &secret); err != nil {
		return nil, "", fmt.Errorf("read passport keys: %w", err)
	}
	ring, err := passport.ParseSecretData(secret.Data)
	if err != nil {
		return nil, "", fmt.Errorf("passport keys: %w", err)
	}
	w.keys.Store(ring)
	var namespaces []string
	for name, home := range w.snapshot.Load().Homes() {
		if home.Facts.Tenant != nil {
			namespaces = append(namespaces, name)
		}
	}
	return namespaces, w.set.State().Digest, nil
}

// constrain takes in Gatekeeper's templates and constraints, and what they look up.
func (w *world) constrain(ctx context.Context) error {
	constraints, err := live.StoredConstraints(ctx, w.live)
	if err != nil {
		return fmt.Errorf("constraints: %w", err)
	}
	// One that is wrong is in the webhooks' log; the rest is audited.
	_ = w.set.SetConstraints(ctx, constraints)
	if len(w.inventoryKinds) == 0 {
		return nil
	}
	inventory, err := live.StoredInventory(ctx, w.live, w.inventoryKinds)
	if err != nil {
		return fmt.Errorf("inventory of constraints: %w", err)
	}
	w.inventory.Store(inventory)
	return nil
}

// Stored implements Judge.
func (w *world) Stored(ctx context.Context, r review.Request) (gate.Judgement, error) {
	return w.gate.Stored(ctx, r)
}

// Snapshot, Age and Live make it a facts.Source: a pass judges by one picture.
func (w *world) Snapshot() *facts.Snapshot { return w.snapshot.Load() }

// Age implements facts.Source.
func (w *world) Age(time.Time) time.Duration { return 0 }

// Live implements facts.Source: what is not in the picture is left to the next pass.
func (w *world) Live(_ context.Context, namespace string) (*facts.Home, error) {
	return nil, fmt.Errorf("namespace %q: %w", namespace, facts.ErrUnknown)
}
