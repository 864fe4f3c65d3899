package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/decisions"
	"gatehouse.dev/gatehouse/test/cluster/launch"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

func run() *cobra.Command {
	return withOptions(&cobra.Command{
		Use:     "run",
		Short:   "Start the cluster, show decisions as they fall, and end it with Ctrl-C",
		Example: "  cluster run",
	}, func(cmd *cobra.Command, options launch.Options) error {
		if err := launch.Up(cmd.Context(), options); err != nil {
			return err
		}
		if options.ControlPlaneOnly {
			fmt.Fprintln(cmd.OutOrStdout(), "\nThe control plane is up, without Gatehouse. Ctrl-C ends it.")
		} else {
			hints(cmd.OutOrStdout(), options.Dir, options.Repository)
		}
		following := decisions.Follow(cmd.Context(), options.Dir.DecisionLog(), cmd.OutOrStdout())
		fmt.Fprintln(cmd.OutOrStdout(), "\nending the cluster")
		ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), endLimit)
		defer cancel()
		if err := launch.Down(ctx, options.Dir); err != nil {
			return err
		}
		return following
	})
}

// hints are the first things to try, ready to be pasted into a second terminal.
func hints(out io.Writer, dir state.Dir, repository string) {
	kubectl := func(user, arguments string) string {
		return "  " + dir.Bin("kubectl") + " --kubeconfig " + dir.Kubeconfig(user) + " " + arguments
	}
	session := filepath.Join(repository, "config", "samples", "session-alice.yaml")
	lines := []string{
		"",
		"Try, in a second terminal:",
		"alice creates her session, and sees what became of it:",
		kubectl("alice", "create -f "+session),
		kubectl("alice", "get researchsessions"),
		"alice is refused bob's namespace, and bob alice's:",
		kubectl("alice", "create -n "+launch.TenantNamespace("bob")+" -f "+session),
		kubectl("bob", "create -n "+launch.TenantNamespace("alice")+" -f "+session),
		"erin, whom nobody knows yet, onboards herself:",
		kubectl("erin", "create -f "+filepath.Join(repository, "config", "samples", "tenant-erin.yaml")),
		"",
		"Decisions as they fall; Ctrl-C ends the cluster:",
	}
	fmt.Fprintln(out, strings.Join(lines, "\n"))
}
