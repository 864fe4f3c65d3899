package command

import (
	"net"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/forward"
	"gatehouse.dev/gatehouse/test/cluster/install"
	"gatehouse.dev/gatehouse/test/cluster/issuer"
	"gatehouse.dev/gatehouse/test/cluster/pki"
	"gatehouse.dev/gatehouse/test/cluster/process"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// The commands of this file are processes of the cluster; people have no use for them.

func supervise() *cobra.Command {
	return &cobra.Command{
		Use:     "supervise",
		Short:   "Own the processes of a cluster",
		Example: "  cluster supervise --state .local",
		Args:    cobra.NoArgs,
		Hidden:  true,
		RunE: onCluster(func(cmd *cobra.Command, dir state.Dir, _ []string) error {
			// The terminal that started it may go.
			signal.Ignore(syscall.SIGHUP)
			go install.KeepTokens(cmd.Context(), dir, cmd.ErrOrStderr())
			return process.Serve(cmd.Context(), dir)
		}),
	}
}

func issue() *cobra.Command {
	var listen string
	var lifetime time.Duration
	cmd := &cobra.Command{
		Use:     "issue",
		Short:   "Serve the sample OIDC issuer",
		Example: "  cluster issue --state .local --listen 127.0.0.1:20443",
		Args:    cobra.NoArgs,
		Hidden:  true,
		RunE: onCluster(func(cmd *cobra.Command, dir state.Dir, _ []string) error {
			key, err := pki.ReadSigningKey(dir.PKI("issuer-signing.key"))
			if err != nil {
				return err
			}
			passwords, err := issuer.ReadPasswords(dir.Path("oidc", "passwords.json"))
			if err != nil {
				return err
			}
			return issuer.Serve(cmd.Context(), issuer.Config{
				URL:             "https://" + listen,
				Listen:          listen,
				CertFile:        dir.PKI("issuer.crt"),
				KeyFile:         dir.PKI("issuer.key"),
				SigningKey:      key,
				Passwords:       passwords,
				IDTokenLifetime: lifetime,
			})
		}),
	}
	cmd.Flags().StringVar(&listen, "listen", "", "host:port")
	cmd.Flags().DurationVar(&lifetime, "id-token-lifetime", 5*time.Minute, "how long an ID token is good")
	return cmd
}

func forwardCommand() *cobra.Command {
	var listen string
	var backends []string
	cmd := &cobra.Command{
		Use:     "forward",
		Short:   "Spread TCP connections over backends",
		Example: "  cluster forward --listen 127.0.0.1:20000 --to 127.0.0.1:20001 --to 127.0.0.1:20002",
		Args:    cobra.NoArgs,
		Hidden:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			forwarder, err := forward.New(backends)
			if err != nil {
				return err
			}
			listener, err := (&net.ListenConfig{}).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return err
			}
			return forwarder.Serve(cmd.Context(), listener)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "host:port")
	cmd.Flags().StringArrayVar(&backends, "to", nil, "host:port of a backend; repeatable")
	return cmd
}
