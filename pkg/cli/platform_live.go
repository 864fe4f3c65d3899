package cli

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
)

// configMap and configKey say where an installation keeps its configuration file.
const (
	configMap = "gatehouse-config"
	configKey = "gatehouse.yaml"
)

// liveConfig reads the configuration of the installation.
func liveConfig(ctx context.Context, c *cluster, namespace string) (*config.Config, error) {
	key := client.ObjectKey{Namespace: namespace, Name: configMap}
	var m corev1.ConfigMap
	if err := c.Get(ctx, key, &m); err != nil {
		return nil, fmt.Errorf("read the configuration: %w (--config FILE names another)", err)
	}
	parsed, err := config.Parse([]byte(m.Data[configKey]))
	if err != nil {
		return nil, fmt.Errorf("read the configuration in ConfigMap %s: %w", key, err)
	}
	return parsed, nil
}

// livePlatform reads the platform as the calling user, who must be allowed to list its
// kinds.
func livePlatform(ctx context.Context, env Env, c *cluster, prefix string) (*platform, error) {
	in := facts.Objects{Prefix: prefix}
	var (
		tiers      v1alpha1.TierList
		models     v1alpha1.ModelList
		orgs       v1alpha1.OrganizationList
		settings   v1alpha1.OrganizationSettingsList
		tenants    v1alpha1.TenantList
		namespaces corev1.NamespaceList
	)
	for _, list := range []client.ObjectList{&tiers, &models, &orgs, &settings, &tenants} {
		if err := c.List(ctx, list); err != nil {
			return nil, fmt.Errorf("read the platform: %w (--platform reads it from files)", err)
		}
	}
	if err := c.List(ctx, &namespaces, client.HasLabels{v1alpha1.LabelTenant}); err != nil {
		return nil, fmt.Errorf("read the platform: %w (--platform reads it from files)", err)
	}
	in.Tiers, in.Models = pointers(tiers.Items), pointers(models.Items)
	in.Organizations, in.Settings = pointers(orgs.Items), pointers(settings.Items)
	in.Tenants = pointers(tenants.Items)
	for _, ns := range namespaces.Items {
		in.Namespaces = append(in.Namespaces, facts.Namespace{
			Name: ns.Name, UID: ns.UID, Labels: ns.Labels, Annotations: ns.Annotations,
		})
	}
	p := newPlatform(in, env.Now)
	p.owner = func(ctx context.Context, kind review.Kind, namespace, name string) (facts.Owner, error) {
		gvk := schema.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind}
		obj, err := c.read(ctx, gvk, client.ObjectKey{Namespace: namespace, Name: name})
		if apierrors.IsNotFound(err) {
			return facts.Owner{}, fmt.Errorf("%w: %w", facts.ErrNoOwner, err)
		}
		if err != nil {
			return facts.Owner{}, err
		}
		return ownerOf(obj), nil
	}
	p.ledger = func(ctx context.Context, domain string) (v1alpha1.QuotaLedgerSpec, error) {
		var ledger v1alpha1.QuotaLedger
		err := c.Get(ctx, client.ObjectKey{Name: quota.DomainName(domain)}, &ledger)
		if apierrors.IsNotFound(err) {
			return v1alpha1.QuotaLedgerSpec{Domain: domain}, nil
		}
		return ledger.Spec, err
	}
	return p, nil
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out
}
