package command

import (
	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/launch"
)

func run() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Start the cluster, show decisions as they fall, and end it with Ctrl-C",
		Example: "  cluster run",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := o.resolve(cmd, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return launch.Up(cmd.Context(), options)
		},
	}
	o.register(cmd)
	return cmd
}
