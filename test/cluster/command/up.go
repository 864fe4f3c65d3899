package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/controlplane"
	"gatehouse.dev/gatehouse/test/cluster/launch"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// options are the flags of every command that starts or builds a cluster.
type options struct {
	repository       string
	replicas         string
	credentials      string
	alias            string
	lifetime         time.Duration
	timeout          string
	ports            map[string]int
	controlPlaneOnly bool
}

func (o *options) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.repository, "repository", "", "checkout of Gatehouse (default: the one around the working folder)")
	flags.StringVar(&o.replicas, "replicas", fallback("REPLICAS", "1"), "webhook replicas ($REPLICAS)")
	flags.StringVar(&o.credentials, "credentials", fallback("CREDENTIALS", string(controlplane.PerController)), "whose accounts the controllers use, per-controller or shared ($CREDENTIALS)")
	flags.StringVar(&o.alias, "issuer-alias", "local", "alias of the sample issuer: the prefix of its users and groups")
	flags.DurationVar(&o.lifetime, "id-token-lifetime", 5*time.Minute, "how long an ID token is good")
	flags.StringVar(&o.timeout, "api-request-timeout", fallback("REQUEST_TIMEOUT", "60s"), "the API server's --request-timeout, from which the expiry of reservations follows ($REQUEST_TIMEOUT)")
	flags.StringToIntVar(&o.ports, "port", nil, fmt.Sprintf("NAME=PORT to force instead of a free one; names: %v", launch.PortNames))
	flags.BoolVar(&o.controlPlaneOnly, "control-plane-only", false, "without Gatehouse in front")
}

func (o *options) resolve(cmd *cobra.Command, out io.Writer) (launch.Options, error) {
	dir, err := stateDir(cmd)
	if err != nil {
		return launch.Options{}, err
	}
	replicas, err := strconv.Atoi(o.replicas)
	if err != nil {
		return launch.Options{}, fmt.Errorf("REPLICAS is %q; want a number", o.replicas)
	}
	timeout, err := time.ParseDuration(o.timeout)
	if err != nil {
		return launch.Options{}, fmt.Errorf("REQUEST_TIMEOUT is %q; want a duration", o.timeout)
	}
	if o.repository == "" {
		if o.repository, err = repository(); err != nil {
			return launch.Options{}, err
		}
	}
	return launch.Options{
		Dir:              dir,
		Repository:       o.repository,
		Assets:           os.Getenv("KUBEBUILDER_ASSETS"),
		Replicas:         replicas,
		Credentials:      controlplane.Credentials(o.credentials),
		Alias:            o.alias,
		IDTokenLifetime:  o.lifetime,
		RequestTimeout:   timeout,
		Ports:            o.ports,
		ControlPlaneOnly: o.controlPlaneOnly,
		Out:              out,
	}, nil
}

func up() *cobra.Command {
	return withOptions(&cobra.Command{
		Use:     "up",
		Short:   "Start the cluster in the background and return when every part is ready",
		Example: "  cluster up --replicas 3\n  cluster up --control-plane-only --state /tmp/second",
	}, func(cmd *cobra.Command, options launch.Options) error {
		return launch.Up(cmd.Context(), options)
	})
}

func buildCommand() *cobra.Command {
	return withOptions(&cobra.Command{
		Use:     "build",
		Short:   "Build everything a cluster runs",
		Example: "  cluster build --control-plane-only",
	}, func(cmd *cobra.Command, options launch.Options) error {
		return launch.Build(cmd.Context(), options)
	})
}

// withOptions gives a command the flags of a cluster and hands what it does their values.
func withOptions(cmd *cobra.Command, act func(*cobra.Command, launch.Options) error) *cobra.Command {
	var o options
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		resolved, err := o.resolve(cmd, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		return act(cmd, resolved)
	}
	o.register(cmd)
	return cmd
}

// endLimit bounds taking a cluster down when the user may not wait any more.
const endLimit = time.Minute

func down() *cobra.Command {
	return &cobra.Command{
		Use:     "down",
		Short:   "End every process of the cluster",
		Example: "  cluster down --state /tmp/second",
		Args:    cobra.NoArgs,
		RunE: onCluster(func(cmd *cobra.Command, dir state.Dir, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), endLimit)
			defer cancel()
			return launch.Down(ctx, dir)
		}),
	}
}
