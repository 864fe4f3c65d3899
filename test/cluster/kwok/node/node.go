// Package node runs one kwok controller for each node, under that node's identity. It
// may import kwok and a Kubernetes client; nothing else of Gatehouse imports it.
package node

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/client/clientset/versioned"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/utils/client"
)

// podNetwork is where the Pods of a node, by its place in the list, get addresses;
// nothing routes there.
const podNetwork = "10.244.%d.0/24"

// Node is a node and the kubeconfig file of its client certificate.
type Node struct {
	Name       string
	Kubeconfig string
}

// Parse reads NAME=KUBECONFIG pairs.
func Parse(pairs []string) ([]Node, error) {
	nodes := make([]Node, 0, len(pairs))
	for _, pair := range pairs {
		name, kubeconfig, found := strings.Cut(pair, "=")
		if !found || name == "" || kubeconfig == "" {
			return nil, fmt.Errorf("node %q: want NAME=KUBECONFIG", pair)
		}
		nodes = append(nodes, Node{Name: name, Kubeconfig: kubeconfig})
	}
	return nodes, nil
}

// Run plays the nodes until ctx ends.
func Run(ctx context.Context, nodes []Node) error {
	shipped, err := stages()
	if err != nil {
		return err
	}
	if err := warm(ctx, shipped); err != nil {
		return err
	}
	for i, n := range nodes {
		conf, err := configure(n, fmt.Sprintf(podNetwork, i), shipped)
		if err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
		controller, err := controllers.NewController(conf)
		if err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
		if err := controller.Start(ctx); err != nil {
			return fmt.Errorf("start node %s: %w", n.Name, err)
		}
	}
	<-ctx.Done()
	return nil
}

// configure fills what kwok's own command would, for one node. Leases stay off: with a
// duration kwok claims nodes by Lease under its own name, which a node must not do.
func configure(n Node, network string, stages map[internalversion.StageResourceRef][]*internalversion.Stage) (controllers.Config, error) {
	clients, err := client.NewClientset("", n.Kubeconfig)
	if err != nil {
		return controllers.Config{}, fmt.Errorf("read kubeconfig: %w", err)
	}
	restConfig, err := clients.ToRESTConfig()
	if err != nil {
		return controllers.Config{}, fmt.Errorf("read kubeconfig: %w", err)
	}
	dynamicClient, err := clients.ToDynamicClient()
	if err != nil {
		return controllers.Config{}, fmt.Errorf("dynamic client: %w", err)
	}
	mapper, err := clients.ToRESTMapper()
	if err != nil {
		return controllers.Config{}, fmt.Errorf("REST mapper: %w", err)
	}
	restClient, err := rest.RESTClientFor(restConfig)
	if err != nil {
		return controllers.Config{}, fmt.Errorf("REST client: %w", err)
	}
	typed, err := kubernetes.NewForConfig(restConfig)
	if err != nil {
		return controllers.Config{}, fmt.Errorf("typed client: %w", err)
	}
	kwokClient, err := versioned.NewForConfig(restConfig)
	if err != nil {
		return controllers.Config{}, fmt.Errorf("kwok client: %w", err)
	}
	return controllers.Config{
		Clock:                      clock.RealClock{},
		DynamicClient:              dynamicClient,
		RESTClient:                 restClient,
		RESTMapper:                 mapper,
		TypedClient:                typed,
		TypedKwokClient:            kwokClient,
		ImpersonatingDynamicClient: clients.ToImpersonatingDynamicClient(),
		ImpersonatingTypedClient:   clients.ToImpersonatingTypedClient(),
		ManageSingleNode:           n.Name,
		NodeLeaseDurationSeconds:   0,
		LocalStages:                stages,
		CIDR:                       network,
		NodeIP:                     "127.0.0.1",
		NodeName:                   n.Name,
		ID:                         n.Name,
		PodPlayStageParallelism:    4,
		NodePlayStageParallelism:   1,
		NodeLeaseParallelism:       1,
		PodsOnNodeSyncParallelism:  1,
	}, nil
}
