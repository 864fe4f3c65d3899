package provision

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// facts reads what decides over a tenant, from the cache.
type facts struct{ client.Reader }

func (f facts) of(ctx context.Context, t *v1alpha1.Tenant) (tenant.Facts, error) {
	out := tenant.Facts{Tenant: t, Tiers: map[string]*v1alpha1.Tier{}, Models: map[string]*v1alpha1.Model{}}
	var organization v1alpha1.Organization
	found, err := f.get(ctx, t.Spec.Organization, &organization)
	if err != nil {
		return out, fmt.Errorf("organization %s: %w", t.Spec.Organization, err)
	}
	if found {
		out.Organization = &organization
	}
	var settings v1alpha1.OrganizationSettings
	if found, err = f.get(ctx, t.Spec.Organization, &settings); err != nil {
		return out, fmt.Errorf("settings of organization %s: %w", t.Spec.Organization, err)
	}
	if found {
		out.Settings = &settings
	}
	var tiers v1alpha1.TierList
	if err := f.List(ctx, &tiers); err != nil {
		return out, fmt.Errorf("list tiers: %w", err)
	}
	for i := range tiers.Items {
		out.Tiers[tiers.Items[i].Name] = &tiers.Items[i]
	}
	var models v1alpha1.ModelList
	if err := f.List(ctx, &models); err != nil {
		return out, fmt.Errorf("list models: %w", err)
	}
	for i := range models.Items {
		out.Models[models.Items[i].Name] = &models.Items[i]
	}
	return out, nil
}

// limits gives what is in force for the tenant of a namespace; nil when there is none.
func (f facts) limits(prefix string) func(context.Context, string) (map[string]tenant.Limit, error) {
	return func(ctx context.Context, namespace string) (map[string]tenant.Limit, error) {
		var t v1alpha1.Tenant
		if found, err := f.get(ctx, strings.TrimPrefix(namespace, prefix), &t); err != nil || !found {
			return nil, err
		}
		known, err := f.of(ctx, &t)
		if err != nil {
			return nil, err
		}
		return tenant.Resolve(known, nil).Limits, nil
	}
}

func (f facts) get(ctx context.Context, name string, into client.Object) (bool, error) {
	err := f.Get(ctx, client.ObjectKey{Name: name}, into)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// tenantsWhere lists the tenants that something bears on, as requests.
func (f facts) tenantsWhere(ctx context.Context, bears func(*v1alpha1.Tenant) bool) []reconcile.Request {
	var tenants v1alpha1.TenantList
	// Names are all that leaves here: thousands of tenants are not copied for them.
	if err := f.List(ctx, &tenants, client.UnsafeDisableDeepCopy); err != nil {
		return nil // the cache is stopping
	}
	var out []reconcile.Request
	for i := range tenants.Items {
		if bears(&tenants.Items[i]) {
			out = append(out, request(tenants.Items[i].Name))
		}
	}
	return out
}

// tenantsOf maps an Organization, its settings, a Tier or a Model to the tenants that it
// bears on.
func (f facts) tenantsOf(ctx context.Context, o client.Object) []reconcile.Request {
	name := o.GetName()
	return f.tenantsWhere(ctx, func(t *v1alpha1.Tenant) bool {
		switch o.(type) {
		case *v1alpha1.Organization, *v1alpha1.OrganizationSettings:
			return t.Spec.Organization == name
		case *v1alpha1.Tier:
			return t.Spec.Tier == name
		}
		return true
	})
}

// allTenants is for what bears on every tenant: a tier's rank decides over the models of
// the others.
func (f facts) allTenants(ctx context.Context, _ client.Object) []reconcile.Request {
	return f.tenantsWhere(ctx, func(*v1alpha1.Tenant) bool { return true })
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Name: name}}
}
