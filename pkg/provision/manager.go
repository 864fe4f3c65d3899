package provision

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	reportsv1alpha1 "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/provision/home"
	"gatehouse.dev/gatehouse/pkg/session"
)

// Lease is the name of the Lease that the leader holds.
const Lease = "gatehouse-provisioner"

// rootCA is the ConfigMap that the controller manager puts into each namespace.
const rootCA = "kube-root-ca.crt"

// Options of a manager.
type Options struct {
	Config *config.Config
	// MetricsListen serves /metrics, /healthz and /readyz; "0" serves nothing.
	MetricsListen string
	// UsageRecords is where closed intervals of device time are written, one CloudEvent a
	// line; nil writes none.
	UsageRecords io.Writer
	Logger       logr.Logger
}

// NewManager connects to the API server and sets up every reconciler. Nothing runs before
// it is started.
func NewManager(ctx context.Context, c *rest.Config, o Options) (manager.Manager, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	c = rest.CopyConfig(c)
	c.QPS = -1 // Priority and Fairness decides, with the seats that it has for us
	ready := &readiness{}
	m, err := manager.New(c, manager.Options{
		Scheme:                        scheme,
		Cache:                         cacheOptions(o.Config),
		Logger:                        o.Logger,
		LeaderElection:                true,
		LeaderElectionID:              Lease,
		LeaderElectionNamespace:       o.Config.SystemNamespace,
		LeaderElectionReleaseOnCancel: true,
		Metrics: metricsserver.Options{
			BindAddress: o.MetricsListen,
			ExtraHandlers: map[string]http.Handler{
				"/healthz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }),
				"/readyz":  ready,
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("provisioner: %w", err)
	}
	ready.cache = m.GetCache()
	return m, setup(ctx, m, o)
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, researchv1.AddToScheme, reportsv1alpha1.Install, apiextensionsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("scheme: %w", err)
		}
	}
	return scheme, nil
}

// cacheOptions keep the cache to what the provisioner may read and looks at.
func cacheOptions(c *config.Config) cache.Options {
	tenants := cache.ByObject{Label: exists(v1alpha1.LabelTenant)}
	// Its status is written at every Pod; who owns the rest tells that nothing else was.
	fences := tenants
	fences.Transform = func(o any) (any, error) { return o, nil }
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{home.LabelManagedBy: home.ManagedBy})}
	named := func(name string) cache.ByObject {
		return cache.ByObject{Field: fields.OneTermEqualSelector(metav1.ObjectNameField, name)}
	}
	authority := named(c.Webhook.Certificate.SecretName)
	authority.Namespaces = map[string]cache.Config{c.SystemNamespace: {}}
	kept := map[client.Object]cache.ByObject{
		&corev1.Namespace{}:                           tenants,
		&corev1.ServiceAccount{}:                      tenants,
		&corev1.ResourceQuota{}:                       fences,
		&corev1.LimitRange{}:                          tenants,
		&networkingv1.NetworkPolicy{}:                 tenants,
		&rbacv1.RoleBinding{}:                         tenants,
		&rbacv1.ClusterRole{}:                         ours,
		&rbacv1.ClusterRoleBinding{}:                  ours,
		&corev1.ConfigMap{}:                           named(rootCA),
		&apiextensionsv1.CustomResourceDefinition{}:   {Label: labels.SelectorFromSet(labels.Set{gatekeeper.LabelConstraint: "yes"})},
		&corev1.Secret{}:                              authority,
		&admissionv1.MutatingWebhookConfiguration{}:   named(webhookName),
		&admissionv1.ValidatingWebhookConfiguration{}: named(webhookName),
	}
	maps.Copy(kept, session.Cached())
	return cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: kept}
}

func exists(label string) labels.Selector {
	r, err := labels.NewRequirement(label, selection.Exists, nil)
	if err != nil {
		panic("provision: " + err.Error()) // the label is a constant
	}
	return labels.NewSelector().Add(*r)
}

// readiness is true when the caches are filled, on the leader and beside it.
type readiness struct{ cache cache.Cache }

func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), time.Second)
	defer cancel()
	if !r.cache.WaitForCacheSync(ctx) {
		http.Error(w, "the caches are not filled yet", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}
