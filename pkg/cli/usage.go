package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// usageCommand is the command and its flags.
type usageCommand struct {
	who  whoami
	all  bool
	out  format
	idle bool
}

func newUsage(env Env) *cobra.Command {
	u := &usageCommand{who: whoami{env: env}}
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Show what you use, what is reserved and what your limits are",
		Long: `Reads the Usage object of your tenant, or with --all those of every tenant: what is used and
reserved of each dimension, the limit, and for a limit over a day or a month when it begins
anew. Amounts are in the dimension's unit. As a plugin of kubectl it is kubectl gatehouse
usage.

Exit code 0 when there is something to show, 1 when there is not, 2 on misuse.`,
		Example: `  gatehouse usage
  gatehouse usage --all -o csv`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	cmd.AddCommand(newUsageExport(env))
	u.who.kube.bind(cmd)
	u.out.bind(cmd, formatCSV)
	cmd.Flags().BoolVar(&u.all, "all", false, "every tenant's, for those who may read them")
	cmd.Flags().BoolVar(&u.idle, "idle", false, "in the table, also what nothing is used of")
	cmd.Flags().StringVar(&u.who.prefix, "tenant-namespace-prefix", "claude-runner-user-", "how tenant namespaces begin")
	return cmd
}

func (u *usageCommand) run(ctx context.Context) error {
	c, err := u.who.kube.connect()
	if err != nil {
		return err
	}
	found, err := u.find(ctx, c)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errors.New("there is no Usage to show: you have no tenant, or it is not Ready yet; see gatehouse whoami")
	}
	return u.print(found)
}

// find reads the caller's own Usage, or all of them, by tenant.
func (u *usageCommand) find(ctx context.Context, c *cluster) ([]v1alpha1.UsageStatus, error) {
	if u.all {
		var list v1alpha1.UsageList
		if err := c.List(ctx, &list); err != nil {
			return nil, fmt.Errorf("list Usages: %w", err)
		}
		var out []v1alpha1.UsageStatus
		for i := range list.Items {
			if list.Items[i].Name == v1alpha1.UsageName {
				out = append(out, list.Items[i].Status)
			}
		}
		slices.SortFunc(out, func(a, b v1alpha1.UsageStatus) int {
			return strings.Compare(a.Organization+"\x00"+a.Tenant, b.Organization+"\x00"+b.Tenant)
		})
		return out, nil
	}
	user, err := c.self(ctx)
	if err != nil {
		return nil, err
	}
	own, err := u.who.usage(ctx, c, user, u.who.candidates(user))
	if err != nil || own == nil {
		return nil, err
	}
	return []v1alpha1.UsageStatus{own.Status}, nil
}
