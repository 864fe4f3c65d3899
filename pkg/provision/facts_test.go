package provision

import (
	"context"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// lister notes whether a list was asked for without a copy of each object.
type lister struct {
	client.Reader
	shared bool
}

func (l *lister) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	asked := client.ListOptions{}
	asked.ApplyOptions(opts)
	l.shared = asked.UnsafeDisableDeepCopy != nil && *asked.UnsafeDisableDeepCopy
	return l.Reader.List(ctx, list, opts...)
}

// TestTenantsAreNotCopiedToBeCounted: an organization is looked at whenever one of its
// tenants comes, and looks through those of all.
func TestTenantsAreNotCopiedToBeCounted(t *testing.T) {
	s := newServer(t, append(acme(), alice())...)
	l := &lister{Reader: s}
	hers := facts{l}.tenantsOf(t.Context(), &v1alpha1.Organization{ObjectMeta: alice().ObjectMeta})
	if len(hers) != 0 || !l.shared {
		t.Errorf("tenants of an organization without any: %v; shared %v", hers, l.shared)
	}
	acme := &v1alpha1.Organization{}
	if err := s.Get(t.Context(), client.ObjectKey{Name: "acme"}, acme); err != nil {
		t.Fatal(err)
	}
	if hers = (facts{l}).tenantsOf(t.Context(), acme); len(hers) != 1 || hers[0].Name != "alice" {
		t.Errorf("tenants of acme: %v", hers)
	}
}
