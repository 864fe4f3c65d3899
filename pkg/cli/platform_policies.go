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
	// What is wrong with a stored one keeps it out of force in the cluster too.
	if len(documents) > 0 {
		out.constraints, _ = gatekeeper.Keep(documents, nil)
	}
	if len(documents) > 0 && len(kinds) > 0 {
		if out.inventory, err = live.StoredInventory(ctx, c, kinds); err != nil {
			return fail(err)
		}
	}
	return out, nil
}
