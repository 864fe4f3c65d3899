package manifest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
)

// Platform takes tiers, models, organizations, settings and tenants from objects; other
// kinds are passed over. A field that a kind does not have is an error. Every tenant gets
// the namespace that the provisioner would make, prefix and its name.
func Platform(objects []*unstructured.Unstructured, prefix string) (facts.Objects, error) {
	in := facts.Objects{Prefix: prefix}
	for _, obj := range objects {
		if err := add(&in, obj); err != nil {
			return in, fmt.Errorf("%s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
	}
	homes(&in)
	return in, nil
}

func add(in *facts.Objects, obj *unstructured.Unstructured) (err error) {
	if obj.GroupVersionKind().Group != v1alpha1.GroupVersion.Group {
		return nil
	}
	switch obj.GetKind() {
	case "Tier":
		in.Tiers, err = convert(in.Tiers, obj)
	case "Model":
		in.Models, err = convert(in.Models, obj)
	case "Organization":
		in.Organizations, err = convert(in.Organizations, obj)
	case "OrganizationSettings":
		in.Settings, err = convert(in.Settings, obj)
	case "Tenant":
		in.Tenants, err = convert(in.Tenants, obj)
	}
	return err
}

// convert appends a typed copy; a field that the kind does not have is an error.
func convert[T any](list []*T, obj *unstructured.Unstructured) ([]*T, error) {
	item := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, item, true); err != nil {
		return nil, err
	}
	return append(list, item), nil
}

// homes gives every tenant the namespace that the provisioner would make.
func homes(objects *facts.Objects) {
	for _, t := range objects.Tenants {
		if t.UID == "" {
			t.UID = types.UID("tenant-" + t.Name)
		}
		objects.Namespaces = append(objects.Namespaces, facts.Namespace{
			Name: objects.Prefix + t.Name,
			Labels: map[string]string{
				v1alpha1.LabelTenant: t.Name, v1alpha1.LabelOrganization: t.Spec.Organization, v1alpha1.LabelTier: t.Spec.Tier,
			},
			Annotations: map[string]string{v1alpha1.AnnotationTenantUID: string(t.UID)},
		})
	}
}
