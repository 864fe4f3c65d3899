// Package command is the launcher's command line, one file a command. It may import
// every other package of the module.
package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Root is the launcher.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:           "cluster",
		Short:         "The local cluster of Gatehouse: a real control plane without containers",
		Example:       "  cluster up\n  cluster status\n  cluster restart webhook-0\n  cluster down",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("state", fallback("STATE", ".local"), "folder of the cluster ($STATE)")
	root.AddCommand(up(), run(), down(), status(), buildCommand(), start(), stop(), restart(), token(), kubeconfig())
	root.AddCommand(supervise(), issue(), forwardCommand(), credential())
	return root
}

// onCluster hands what a command does the folder of its cluster.
func onCluster(act func(cmd *cobra.Command, dir state.Dir, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		dir, err := stateDir(cmd)
		if err != nil {
			return err
		}
		return act(cmd, dir, args)
	}
}

func stateDir(cmd *cobra.Command) (state.Dir, error) {
	path, err := cmd.Flags().GetString("state")
	if err != nil {
		return "", err
	}
	return state.Resolve(path)
}

func fallback(variable, value string) string {
	if set := os.Getenv(variable); set != "" {
		return set
	}
	return value
}

// repository finds the folder of the main module, at or above the working folder.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.Contains(string(text), "module gatehouse.dev/gatehouse\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("this is not a checkout of Gatehouse; use --repository")
		}
		dir = parent
	}
}
