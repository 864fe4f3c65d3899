package serving

import (
	"context"
	"fmt"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// LiveBundles reads the caBundles of our webhook configurations from a watch of these
// two objects by name; that is all the rights that it needs.
type LiveBundles struct {
	factory    informers.SharedInformerFactory
	mutating   cache.SharedIndexInformer
	validating cache.SharedIndexInformer
	name       string
}

// NewLiveBundles makes the watch; name is that of both configurations.
func NewLiveBundles(client kubernetes.Interface, name string) *LiveBundles {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 10*time.Minute,
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("metadata.name", name).String()
		}),
	)
	admission := factory.Admissionregistration().V1()
	return &LiveBundles{
		factory:    factory,
		mutating:   admission.MutatingWebhookConfigurations().Informer(),
		validating: admission.ValidatingWebhookConfigurations().Informer(),
		name:       name,
	}
}

// Start watches until ctx ends.
func (b *LiveBundles) Start(ctx context.Context) error {
	b.factory.StartWithContext(ctx)
	<-ctx.Done()
	b.factory.Shutdown()
	return nil
}

// Synced is nil once both configurations have been listed.
func (b *LiveBundles) Synced() error {
	if !b.mutating.HasSynced() || !b.validating.HasSynced() {
		return fmt.Errorf("webhook configurations %q are not listed yet", b.name)
	}
	return nil
}

// Bundles are the caBundles of every webhook of both configurations; an empty one where
// a webhook has none, nothing at all until both configurations are there.
func (b *LiveBundles) Bundles() [][]byte {
	m, ok := get[*admissionregistrationv1.MutatingWebhookConfiguration](b.mutating, b.name)
	if !ok {
		return nil
	}
	v, ok := get[*admissionregistrationv1.ValidatingWebhookConfiguration](b.validating, b.name)
	if !ok {
		return nil
	}
	var bundles [][]byte
	for _, webhook := range m.Webhooks {
		bundles = append(bundles, webhook.ClientConfig.CABundle)
	}
	for _, webhook := range v.Webhooks {
		bundles = append(bundles, webhook.ClientConfig.CABundle)
	}
	return bundles
}

// get reads one cached object.
func get[T any](informer cache.SharedIndexInformer, name string) (T, bool) {
	var none T
	object, exists, err := informer.GetStore().GetByKey(name)
	if err != nil || !exists {
		return none, false
	}
	typed, ok := object.(T)
	return typed, ok
}
