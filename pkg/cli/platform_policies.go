package cli

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/facts/live"
)

// storedPolicies are in force beside those built in.
type storedPolicies struct {
	policies    []*v1alpha1.Policy
	constraints *gatekeeper.Set
	// inventory is nil where the platform keeps none.
	inventory *gatekeeper.Inventory
}

// blind lists the templates that look other objects up where there is nothing to find.
func (s storedPolicies) blind() (kinds []string) {
	if s.constraints == nil || s.inventory != nil {
		return nil
	}
	for _, t := range s.constraints.Templates() {
		if t.Code().Inventory {
			kinds = append(kinds, t.Kind)
		}
	}
	return kinds
}

// livePolicies reads Policies, Gatekeeper's templates and constraints, and what they look
// up, as the calling user.
func livePolicies(ctx context.Context, c *cluster, kinds []schema.GroupVersionKind) (out storedPolicies, err error) {
	fail := func(err error) (storedPolicies, error) {
		return storedPolicies{}, fmt.Errorf("read the policies in force: %w (--policies names others)", err)
	}
	var list v1alpha1.PolicyList
	if err := c.List(ctx, &list); err != nil {
		return fail(err)
	}
	out.policies = pointers(list.Items)
	objects, err := live.StoredConstraints(ctx, c)
	if err != nil {
		return fail(err)
	}
	documents := make([]gatekeeper.Document, 0, len(objects))
	for _, o := range objects {
		documents = append(documents, gatekeeper.FromObject(o.Object))
	}
	if len(documents) == 0 {
		return out, nil
	}
	// One that is wrong may have a last good version in force that nobody can read here.
	if out.constraints, err = gatekeeper.New(documents, nil); err != nil {
		return fail(err)
	}
	if len(kinds) > 0 {
		if out.inventory, err = live.StoredInventory(ctx, c, kinds); err != nil {
			return fail(err)
		}
	}
	return out, nil
}
