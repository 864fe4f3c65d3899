package live

import (
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func hasTenant() labels.Selector {
	r, err := labels.NewRequirement(v1alpha1.LabelTenant, selection.Exists, nil)
	if err != nil {
		return labels.Nothing()
	}
	return labels.NewSelector().Add(*r)
}

// byNames watches single objects of one namespace: RBAC grants them by name only. A
// watch can name one object, so a list of several is the first alone.
func byNames(namespace string, names []string) cache.ByObject {
	field := fields.Everything()
	if len(names) > 0 {
		field = fields.OneTermEqualSelector("metadata.name", names[0])
	}
	return cache.ByObject{Namespaces: map[string]cache.Config{namespace: {FieldSelector: field}}}
}

func leaseObject() client.Object { return &coordinationv1.Lease{} }

// changed calls f on every event.
func changed(f func()) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { f() },
		UpdateFunc: func(_, _ any) { f() },
		DeleteFunc: func(any) { f() },
	}
}
