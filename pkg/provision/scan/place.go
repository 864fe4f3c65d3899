package scan

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// PlaceName is the Lease that remembers how far a pass came, for the next leader.
const PlaceName = "gatehouse-provisioner-audit"

const annotationAfter = "gatehouse.dev/audited-up-to"

// Place is how far the present pass came.
type Place struct {
	Client    client.Client
	Namespace string

	stored *coordinationv1.Lease
}

// Read gives the last namespace that the present pass has done; empty at the beginning
// of one, and when the pass was by other policies.
func (p *Place) Read(ctx context.Context, digest string) (string, error) {
	lease := &coordinationv1.Lease{}
	err := p.Client.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: PlaceName}, lease)
	if apierrors.IsNotFound(err) {
		lease.ObjectMeta = metav1.ObjectMeta{Namespace: p.Namespace, Name: PlaceName}
		err = p.Client.Create(ctx, lease)
	}
	if err != nil {
		return "", fmt.Errorf("place of the background audit: %w", err)
	}
	p.stored = lease
	if lease.Annotations[annotationDigest] != digest {
		return "", nil
	}
	return lease.Annotations[annotationAfter], nil
}

// Write remembers a namespace as done; empty begins a new pass.
func (p *Place) Write(ctx context.Context, namespace, digest string) error {
	next := p.stored.DeepCopy()
	next.Annotations = map[string]string{annotationAfter: namespace, annotationDigest: digest}
	if err := p.Client.Patch(ctx, next, client.MergeFrom(p.stored)); err != nil {
		return fmt.Errorf("place of the background audit: %w", err)
	}
	p.stored = next
	return nil
}
