package provision

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/provision/scan"
	"gatehouse.dev/gatehouse/pkg/quota/crd"
	"gatehouse.dev/gatehouse/pkg/session"
)

func setup(ctx context.Context, m manager.Manager, o Options) error {
	c := o.Config
	direct, err := client.New(m.GetConfig(), client.Options{Scheme: m.GetScheme(), Mapper: m.GetRESTMapper(), HTTPClient: m.GetHTTPClient()})
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	cached, known := m.GetClient(), facts{m.GetClient()}
	applier := newApplier(cached)
	if err := setupKeys(m, c, direct); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	rules, err := setupMeasures(ctx, m, c)
	if err != nil {
		return err
	}
	books := accounts{facts: known, program: rules.program, prefix: c.TenantNamespacePrefix, calendar: c.Calendar(), now: time.Now}
	ledger := crd.New(crd.Options{
		Client: direct, Watched: cached, NamespacePrefix: c.TenantNamespacePrefix, TTL: c.ReservationExpiry(),
		Account: books.of, Calendar: c.Calendar(), Others: books.others,
	})
	counts := &counting{client: direct, namespace: c.SystemNamespace}
	if err := m.Add(counts); err != nil {
		return fmt.Errorf("counting: %w", err)
	}
	if o.UsageRecords != nil {
		records := &gpuRecords{cache: m.GetCache(), prefix: c.TenantNamespacePrefix, now: time.Now, out: o.UsageRecords}
		if err := m.Add(records); err != nil {
			return fmt.Errorf("usage records: %w", err)
		}
	}
	if err := m.Add(&policyStatus{client: cached, live: direct, namespace: c.SystemNamespace, now: time.Now}); err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	if err := scan.Setup(ctx, m, c, direct); err != nil {
		return fmt.Errorf("background audit: %w", err)
	}
	for name, add := range map[string]func() error{
		"tenant": func() error {
			return setupTenants(m, c, &tenants{
				Client: cached, facts: known, applier: applier, counting: counts,
				namespaces: namespaces{Client: cached, live: direct},
				prefix:     c.TenantNamespacePrefix, systemNamespace: c.SystemNamespace,
				told: m.GetEventRecorder(fieldManager), auditors: members(c.Auditors),
			})
		},
		"organization": func() error {
			return setupOrganizations(m, &organizations{Client: cached, facts: known, applier: applier, told: m.GetEventRecorder(fieldManager)})
		},
		"usage": func() error {
			shown := newUsageMetrics()
			if err := metrics.Registry.Register(shown); err != nil {
				return fmt.Errorf("metrics: %w", err)
			}
			return setupUsages(m, c, &usages{
				Client: cached, facts: known, prefix: c.TenantNamespacePrefix, now: time.Now, written: map[string]time.Time{},
				calendar: c.Calendar(), told: m.GetEventRecorder(fieldManager), metrics: shown,
				budget: rate.NewLimiter(usageRate, usageBurst),
			})
		},
		"ledger": func() error {
			settler := newSettler(ledger, time.Now)
			settler.told = m.GetEventRecorder(fieldManager)
			return setupLedgers(m, c, settler)
		},
		"session": func() error {
			if !c.Sessions.Enabled {
				return nil
			}
			return session.Setup(m, session.Options{
				Sessions: c.Sessions, NamespacePrefix: c.TenantNamespacePrefix, Live: direct,
				Limits: known.limits(c.TenantNamespacePrefix), Promote: places{accounts: books, ledger: ledger}.promote, Events: m.GetEventRecorder(fieldManager), Controller: options(8),
			})
		},
		"template": func() error { return setupTemplates(m) },
		"cabundle": func() error {
			return setupBundles(m, &caBundles{Client: cached, now: time.Now,
				secret: client.ObjectKey{Namespace: c.SystemNamespace, Name: c.Webhook.Certificate.SecretName}})
		},
	} {
		if err := add(); err != nil {
			return fmt.Errorf("reconciler %s: %w", name, err)
		}
	}
	return nil
}

// members are subjects of the configuration as objects name them.
func members(s config.Subjects) []v1alpha1.Member {
	var out []v1alpha1.Member
	for _, user := range s.Users {
		out = append(out, v1alpha1.Member{User: user})
	}
	for _, group := range s.Groups {
		out = append(out, v1alpha1.Member{Group: group})
	}
	return out
}

// options: a cluster that was away is found again within seconds, however long it was.
func options(workers int) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		ReconciliationTimeout:   30 * time.Second,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](50*time.Millisecond, 5*time.Second),
	}
}

func setupTenants(m manager.Manager, c *config.Config, r *tenants) error {
	b := builder.ControllerManagedBy(m).Named("tenant").For(&v1alpha1.Tenant{}).WithOptions(options(4)).
		Watches(&v1alpha1.Organization{}, handler.EnqueueRequestsFromMapFunc(r.facts.tenantsOf), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.OrganizationSettings{}, handler.EnqueueRequestsFromMapFunc(r.facts.tenantsOf)).
		Watches(&v1alpha1.Tier{}, handler.EnqueueRequestsFromMapFunc(r.facts.tenantsOf)).
		WatchesMetadata(&corev1.ConfigMap{}, handler.EnqueueRequestsFromMapFunc(byNamespace(c.TenantNamespacePrefix)), builder.WithPredicates(comesOrGoes()))
	for kind, object := range owned() {
		if kind != "ClusterRole" && kind != "ClusterRoleBinding" {
			b = b.Watches(object, handler.EnqueueRequestsFromMapFunc(byLabel), builder.WithPredicates(contentChanged()))
		}
	}
	return b.Complete(r)
}

func setupOrganizations(m manager.Manager, r *organizations) error {
	all := handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, _ client.Object) []reconcile.Request {
		var list v1alpha1.OrganizationList
		if err := r.List(ctx, &list); err != nil {
			return nil // the cache is stopping
		}
		var out []reconcile.Request
		for i := range list.Items {
			out = append(out, request(list.Items[i].Name))
		}
		return out
	})
	owns := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		return []reconcile.Request{request(o.GetLabels()[v1alpha1.LabelOrganization])}
	})
	kinds := owned()
	return builder.ControllerManagedBy(m).Named("organization").For(&v1alpha1.Organization{}).WithOptions(options(1)).
		Watches(&v1alpha1.Tenant{}, handler.EnqueueRequestsFromMapFunc(byOrganization), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Tier{}, all, builder.WithPredicates(comesOrGoes())).
		Watches(&v1alpha1.Model{}, all, builder.WithPredicates(comesOrGoes())).
		Watches(kinds["ClusterRole"], owns).
		Watches(kinds["ClusterRoleBinding"], owns).
		Complete(r)
}

func setupUsages(m manager.Manager, c *config.Config, r *usages) error {
	affected, all := handler.EnqueueRequestsFromMapFunc(r.facts.tenantsOf), handler.EnqueueRequestsFromMapFunc(r.facts.allTenants)
	generation := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	return builder.ControllerManagedBy(m).Named("usage").For(&v1alpha1.Tenant{}, generation).WithOptions(options(2)).
		Watches(&v1alpha1.Organization{}, affected, generation).
		Watches(&v1alpha1.OrganizationSettings{}, affected).
		Watches(&v1alpha1.Tier{}, all).
		Watches(&v1alpha1.Model{}, all).
		Watches(&v1alpha1.QuotaLedger{}, sectionHandler()).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(byLabel)).
		Watches(&corev1.ResourceQuota{}, handler.EnqueueRequestsFromMapFunc(byLabel), builder.WithPredicates(fencedChanged())).
		Watches(&v1alpha1.Usage{}, handler.EnqueueRequestsFromMapFunc(byNamespace(c.TenantNamespacePrefix))).
		Complete(r)
}

func setupLedgers(m manager.Manager, c *config.Config, r *settler) error {
	w := &watched{domains: domains{Reader: m.GetClient(), prefix: c.TenantNamespacePrefix}, settler: r, calendar: c.Calendar(), ttl: c.ReservationExpiry()}
	return builder.ControllerManagedBy(m).Named("ledger").WithOptions(options(2)).
		Watches(&researchv1.ResearchSession{}, w.objects()).
		Watches(&corev1.Pod{}, w.objects()).
		Watches(&corev1.PersistentVolumeClaim{}, w.objects()).
		Watches(&v1alpha1.Tenant{}, w.tenants()).
		Watches(&v1alpha1.QuotaLedger{}, w.ledgers()).
		Complete(r)
}

func setupBundles(m manager.Manager, r *caBundles) error {
	one := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{request(webhookName)}
	})
	return builder.ControllerManagedBy(m).Named("cabundle").WithOptions(options(1)).
		Watches(&corev1.Secret{}, one).
		Watches(&admissionv1.MutatingWebhookConfiguration{}, one).
		Watches(&admissionv1.ValidatingWebhookConfiguration{}, one).
		Complete(r)
}

// comesOrGoes leaves out updates.
func comesOrGoes() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}
}

// contentChanged leaves out updates of what the server writes: the quota controller
// counts in a ResourceQuota's status at every Pod. Only that it counts at all is news.
func contentChanged() predicate.Predicate {
	content := func(o client.Object) client.Object {
		o = o.DeepCopyObject().(client.Object)
		o.SetResourceVersion("")
		o.SetGeneration(0)
		o.SetManagedFields(nil)
		if q, ok := o.(*corev1.ResourceQuota); ok {
			all := counted(q)
			q.Status = corev1.ResourceQuotaStatus{}
			if all {
				q.Status.Used = corev1.ResourceList{}
				q.Status.Used["counted"] = resource.Quantity{}
			}
		}
		return o
	}
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return !apiequality.Semantic.DeepEqual(content(e.ObjectOld), content(e.ObjectNew))
	}}
}
