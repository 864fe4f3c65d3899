// Command kwok plays the kubelets of the local cluster: Pods bound to its nodes start,
// Jobs' Pods finish and deleted Pods go away, each written under the node's own identity.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/kwok/node"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "kwok:", err)
		return 1
	}
	return 0
}

func command() *cobra.Command {
	var kubeconfigs []string
	cmd := &cobra.Command{
		Use:           "kwok",
		Short:         "Play the kubelets of the local cluster",
		Example:       "  kwok --node node-0=node-0.yaml --node node-1=node-1.yaml",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			nodes, err := node.Parse(kubeconfigs)
			if err != nil {
				return err
			}
			if len(nodes) == 0 {
				return errors.New("no --node given")
			}
			return node.Run(cmd.Context(), nodes)
		},
	}
	cmd.Flags().StringArrayVar(&kubeconfigs, "node", nil, "NAME=KUBECONFIG of a node to play; repeatable")
	return cmd
}
