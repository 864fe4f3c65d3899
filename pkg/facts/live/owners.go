package live

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/turn"
)

// Owners reads the metadata of one object past every cache: an owner's passport must be
// its present one, to the byte.
type Owners struct {
	Client metadata.Interface
	Mapper meta.RESTMapper
}

var _ facts.OwnerReader = (*Owners)(nil)

// Owner reads one object; facts.ErrNoOwner when it is not there or of no namespaced kind.
func (o *Owners) Owner(ctx context.Context, kind review.Kind, namespace, name string) (facts.Owner, error) {
	gvk := schema.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind}
	mapping, err := o.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		return facts.Owner{}, fmt.Errorf("kind %s: %w", gvk, facts.ErrNoOwner)
	} else if err != nil {
		return facts.Owner{}, fmt.Errorf("look up kind %s: %w", gvk, err)
	}
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return facts.Owner{}, fmt.Errorf("kind %s is cluster-scoped: %w", gvk, facts.ErrNoOwner)
	}
	turn.End(ctx) // the API server's turn
	m, err := o.Client.Resource(mapping.Resource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return facts.Owner{}, fmt.Errorf("%s %s/%s: %w", gvk.Kind, namespace, name, facts.ErrNoOwner)
	} else if apierrors.IsForbidden(err) {
		return facts.Owner{}, fmt.Errorf("%s: %w", gvk, facts.ErrOwnerKind)
	} else if err != nil {
		return facts.Owner{}, fmt.Errorf("read %s %s/%s: %w", gvk.Kind, namespace, name, err)
	}
	owner := facts.Owner{UID: string(m.UID), Annotations: m.Annotations, Labels: m.Labels}
	if c := metav1.GetControllerOf(m); c != nil {
		gv, err := schema.ParseGroupVersion(c.APIVersion)
		if err != nil {
			return facts.Owner{}, fmt.Errorf("%s %s/%s has a controller of version %q: %w", gvk.Kind, namespace, name, c.APIVersion, facts.ErrNoOwner)
		}
		owner.Controller = &facts.OwnerRef{Kind: review.Kind{Group: gv.Group, Version: gv.Version, Kind: c.Kind}, Name: c.Name, UID: string(c.UID)}
	}
	return owner, nil
}
