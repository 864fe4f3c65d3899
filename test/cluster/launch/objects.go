package launch

import (
	"context"
	"fmt"
	"strings"

	"gatehouse.dev/gatehouse/test/cluster/api"
)

// makeNodes registers the nodes as an administrator, as the identities that play them
// may only report their status.
func makeNodes(ctx context.Context, admin *api.Client, names []string) error {
	resources, err := admin.Discover(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		_, err := admin.Apply(ctx, resources, api.Object{
			"apiVersion": "v1",
			"kind":       "Node",
			"metadata": api.Object{
				"name": name,
				"labels": api.Object{
					"kubernetes.io/hostname": name,
					"kubernetes.io/os":       "linux",
					"kubernetes.io/arch":     "amd64",
					"type":                   "kwok",
				},
				"annotations": api.Object{"kwok.x-k8s.io/node": "fake"},
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// controllerRolePrefix begins the ClusterRole of each controller of the
// controller-manager.
const controllerRolePrefix = "system:controller:"

// bindShared gives the one account of a controller-manager without credentials per
// controller what all of them need, as an operator of such a cluster has to.
func bindShared(ctx context.Context, admin *api.Client) error {
	roles, err := admin.Get(ctx, "/apis/rbac.authorization.k8s.io/v1/clusterroles")
	if err != nil {
		return err
	}
	resources, err := admin.Discover(ctx)
	if err != nil {
		return err
	}
	items, _ := roles["items"].([]any)
	for _, item := range items {
		role := api.String(item, "metadata", "name")
		if !strings.HasPrefix(role, controllerRolePrefix) {
			continue
		}
		_, err := admin.Apply(ctx, resources, api.Object{
			"apiVersion": "rbac.authorization.k8s.io/v1",
			"kind":       "ClusterRoleBinding",
			"metadata":   api.Object{"name": "local-cluster:shared:" + strings.TrimPrefix(role, controllerRolePrefix)},
			"roleRef":    api.Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
			"subjects": []any{api.Object{
				"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:kube-controller-manager",
			}},
		})
		if err != nil {
			return fmt.Errorf("shared credentials: %w", err)
		}
	}
	return nil
}
