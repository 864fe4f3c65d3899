package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/controlplane"
	"gatehouse.dev/gatehouse/test/cluster/issuer"
	"gatehouse.dev/gatehouse/test/cluster/launch"
	"gatehouse.dev/gatehouse/test/cluster/login"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

func token() *cobra.Command {
	return &cobra.Command{
		Use:     "token USER",
		Short:   "Print an ID token of a user of the sample issuer",
		Example: "  curl --cacert \"$CA_FILE\" -H \"Authorization: Bearer $(cluster token alice)\" \"$APISERVER_URL/api\"",
		Args:    cobra.ExactArgs(1),
		RunE: withTokens(func(out io.Writer, tokens login.Tokens) error {
			_, err := fmt.Fprintln(out, tokens.ID)
			return err
		}),
	}
}

// credential is what kubeconfigs call; people have no use for it.
func credential() *cobra.Command {
	return &cobra.Command{
		Use:     "credential USER",
		Short:   "Credential plugin of kubectl and client-go",
		Example: "  cluster credential --state .local alice",
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
		RunE:    withTokens(login.Print),
	}
}

// withTokens prints good tokens of the user that the first argument names.
func withTokens(show func(io.Writer, login.Tokens) error) func(*cobra.Command, []string) error {
	return onCluster(func(cmd *cobra.Command, dir state.Dir, args []string) error {
		tokens, err := launch.Tokens(cmd.Context(), dir, args[0])
		if err != nil {
			return err
		}
		return show(cmd.OutOrStdout(), tokens)
	})
}

func kubeconfig() *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig USER",
		Short: "Write a kubeconfig for any user of the sample issuer and print its path",
		Long: "Write a kubeconfig for any user of the sample issuer and print its path. Beside the sample\n" +
			"platform's people the issuer knows strangers for tests:" + strangers(),
		Example: "  kubectl --kubeconfig \"$(cluster kubeconfig odd-subject)\" auth whoami",
		Args:    cobra.ExactArgs(1),
		RunE: onCluster(func(cmd *cobra.Command, dir state.Dir, args []string) error {
			user, found := issuer.Find(args[0])
			if !found {
				return fmt.Errorf("the sample issuer does not know %q", args[0])
			}
			env, err := dir.ReadEnv()
			if err != nil {
				return err
			}
			plan := controlplane.Plan{Dir: dir}
			plan.Addresses.APIServer = strings.TrimPrefix(env["APISERVER_URL"], "https://")
			namespace := ""
			if user.Sample {
				namespace = launch.TenantNamespace(user.Login)
			}
			if err := plan.WriteOIDCKubeconfig(user.Login, namespace); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), dir.Kubeconfig(args[0]))
			return err
		}),
	}
}

func strangers() string {
	var names string
	for _, user := range issuer.Users {
		if !user.Sample {
			names += "\n  " + user.Login
		}
	}
	return names
}
