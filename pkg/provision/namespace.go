package provision

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

// namespaces makes tenant namespaces and adopts none.
type namespaces struct {
	client.Client
	// live reads past the cache, which knows labeled namespaces only.
	live client.Reader
}

// maker is the Tenant that a namespace must have been made for.
type maker struct {
	// uid of the Tenant, as the namespace's annotation records it.
	uid types.UID
	// made is the UID of the namespace that its status records, or "".
	made types.UID
}

// find gives the namespace of this name if it was made for the Tenant; taken says in
// words whose it is if it was not. Where somebody changed its annotation it is known by its
// UID, which nobody can.
func (n namespaces) find(ctx context.Context, name string, by maker) (found *corev1.Namespace, taken string, err error) {
	ns := &corev1.Namespace{}
	err = n.Get(ctx, client.ObjectKey{Name: name}, ns)
	if err != nil || ns.Annotations[v1alpha1.AnnotationTenantUID] != string(by.uid) {
		*ns = corev1.Namespace{}
		err = n.live.Get(ctx, client.ObjectKey{Name: name}, ns)
	}
	if apierrors.IsNotFound(err) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("namespace %s: %w", name, err)
	}
	recorded := ns.Annotations[v1alpha1.AnnotationTenantUID]
	switch {
	case recorded == string(by.uid), by.made != "" && ns.UID == by.made:
		return ns, "", nil
	case recorded == "":
		return nil, fmt.Sprintf("namespace %s exists and was not made by Gatehouse; it is not taken over: remove it or give the tenant another name", name), nil
	default:
		return nil, fmt.Sprintf("namespace %s belongs to an earlier Tenant with uid %s; it is not taken over: wait until it is deleted, or delete it", name, recorded), nil
	}
}

// ensure finds or creates the namespace. It is created and not applied: an apply would
// take over what another made in the same moment.
func (n namespaces) ensure(ctx context.Context, s home.Spec, made types.UID) (*corev1.Namespace, string, error) {
	ns, taken, err := n.find(ctx, s.Namespace, maker{s.UID, made})
	if err != nil || taken != "" || ns != nil {
		return ns, taken, err
	}
	ns = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:        s.Namespace,
		Labels:      home.NamespaceLabels(s),
		Annotations: map[string]string{v1alpha1.AnnotationTenantUID: string(s.UID)},
	}}
	err = n.Create(ctx, ns, client.FieldOwner(fieldManager))
	if apierrors.IsAlreadyExists(err) {
		return n.find(ctx, s.Namespace, maker{s.UID, made})
	}
	if err != nil {
		return nil, "", fmt.Errorf("create namespace %s: %w", s.Namespace, err)
	}
	return ns, "", nil
}

// remove deletes the namespace if it is ours and reports whether nothing of it is left.
func (n namespaces) remove(ctx context.Context, name string, by maker) (gone bool, err error) {
	ns, _, err := n.find(ctx, name, by)
	if err != nil {
		return false, err
	}
	if ns == nil {
		return true, nil
	}
	if !ns.DeletionTimestamp.IsZero() {
		return false, nil
	}
	err = n.Delete(ctx, ns, client.Preconditions{UID: &ns.UID})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return false, fmt.Errorf("delete namespace %s: %w", name, err)
	}
	return false, nil
}
